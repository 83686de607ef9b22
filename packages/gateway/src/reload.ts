import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from './config/load';
import type { Config } from './config/schema';
import type { Logger } from './log';

/** A part that takes changed settings while it runs. */
export interface Reloadable {
  /** The settings, or whole groups of them, that it takes: `routes`, `sip.allow`. Several parts may take the same. */
  readonly takes: readonly string[];
  /**
   * Called when one of those has changed, with the whole configuration as it is in force from now on. The file has been checked
   * as at a start: nothing is left that could be refused. What it throws is logged, and the other parts go on.
   */
  reload(config: Config): void;
}

export interface ReloaderOptions {
  /** Reads the file and checks all of it, secrets included; throws `ConfigError`. */
  readonly load: () => Config;
  readonly parts: readonly Reloadable[];
  readonly log: Logger;
}

/** Takes a changed configuration file over (SIGHUP): wholly checked first, then all that can change without a restart. */
export class Reloader {
  constructor(
    private config: Config,
    private readonly options: ReloaderOptions,
  ) {}

  /** Never throws. A file that cannot be used changes nothing. */
  reload(): void {
    const { log } = this.options;
    let next: Config;
    try {
      next = this.options.load();
    } catch (error) {
      if (error instanceof ConfigError) log.error({ problems: error.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)) }, 'config_refused');
      else log.error({ error }, 'config_refused');
      return;
    }
    const differing = changes(this.config, next);
    const taken = differing.filter((path) => this.options.parts.some((part) => takes(part, path)));
    const restart = differing.filter((path) => !taken.includes(path));
    this.config = taken.reduce((config, path) => withSetting(config, next, path.split('.')), this.config);
    for (const part of this.options.parts) if (taken.some((path) => takes(part, path))) this.hand(part);
    log.info({ changed: taken }, 'config_reloaded');
    if (restart.length > 0) log.warn({ settings: restart }, 'restart_needed');
  }

  private hand(part: Reloadable): void {
    try {
      part.reload(this.config);
    } catch (error) {
      this.options.log.error({ settings: part.takes, error }, 'reload_failed');
    }
  }
}

function takes(part: Reloadable, path: string): boolean {
  return part.takes.some((setting) => path === setting || path.startsWith(`${setting}.`) || setting.startsWith(`${path}.`));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Paths of the settings that differ; a list counts as one setting. */
export function changes(before: unknown, after: unknown, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isGroup(before) || !isGroup(after)) return [path.join('.')];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => changes(before[name], after[name], [...path, name]));
}

/** A copy with one setting of another configuration. */
function withSetting<T>(config: T, from: T, [name, ...rest]: readonly string[]): T {
  if (name === undefined || !isGroup(config) || !isGroup(from)) return from;
  return { ...config, [name]: withSetting(config[name], from[name], rest) };
}
