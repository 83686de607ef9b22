import { execFileSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { asRoot } from './link';

const BLOCK = Buffer.alloc(64 * 1_024);
const FILLING = 'filling';

/** A disk of a given size in memory, so that it can be full. */
export class Disk {
  private constructor(private readonly directory: string) {}

  static mount(directory: string, megabytes: number): Disk {
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'isthmus-disk', directory);
    return new Disk(directory);
  }

  /** No byte more can be written to it. */
  fill(): void {
    for (let block = BLOCK; block.length > 0; ) {
      try {
        appendFileSync(join(this.directory, FILLING), block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        block = block.subarray(0, Math.floor(block.length / 2));
      }
    }
  }

  /** There is room again. */
  empty(): void {
    rmSync(join(this.directory, FILLING), { force: true });
  }

  unmount(): void {
    run('umount', '--lazy', this.directory);
  }
}

function run(command: string, ...args: string[]): void {
  execFileSync(...asRoot(command, args), { stdio: ['ignore', 'ignore', 'pipe'] });
}
