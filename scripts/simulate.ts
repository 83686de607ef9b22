/**
 * Plays stories of the simulated cluster, as many as wanted: npm run simulate -- [--stories N] [--from SEED] [--kind WORDS]. Prints how far
 * it has got, and the seed of each story in which a law was broken; ends with 1 when there was one.
 */
import { parseArgs } from 'node:util';

import { KINDS } from '../packages/gateway/test/support/kinds';
import { allWrong } from '../packages/gateway/test/support/laws';
import { Simulation } from '../packages/gateway/test/support/simulation';

const PROGRESS_MS = 10_000;

const { values } = parseArgs({ options: { stories: { type: 'string', default: '100' }, from: { type: 'string', default: '1' }, kind: { type: 'string', default: '' } } });
const [stories, from] = [Number(values.stories), Number(values.from)];
const kinds = KINDS.filter(([name]) => name.includes(values.kind));
if (!Number.isInteger(stories) || stories < 1 || !Number.isInteger(from) || kinds.length === 0) {
  const names = KINDS.map(([name]) => `  ${name}\n`).join('');
  process.stderr.write(`usage: npm run simulate -- [--stories N] [--from SEED] [--kind WORDS]\nN stories of each kind whose name has the words:\n${names}`);
  process.exit(2);
}

/** Returns how many stories were not as they should be. */
async function play(): Promise<number> {
  let [played, failed, toldAt] = [0, 0, Date.now()];
  for (let seed = from; seed < from + stories; seed += 1) {
    for (const [name, options] of kinds) {
      const story = new Simulation({ ...options, seed });
      await story.play();
      const wrong = await allWrong(story);
      played += 1;
      if (wrong.length > 0) failed += 1;
      for (const what of wrong) process.stdout.write(`${name}, seed ${seed}: ${what}\n`);
    }
    if (Date.now() - toldAt < PROGRESS_MS && seed < from + stories - 1) continue;
    toldAt = Date.now();
    process.stdout.write(`${played} stories, up to seed ${seed}; ${failed} with something wrong\n`);
  }
  return failed;
}

void play().then((failed) => process.exit(failed > 0 ? 1 : 0));
