import { MessageStory, type StoryOptions } from './support/message-story';

/**
 * Laws of the XMPP user's messages over thousands of stories (promises 1 and 2): a worker dies between receiving, commit,
 * effect and answer; the store is away; the far side keeps silent. The same seed plays the same story.
 */

const STORIES = 400 * Number(process.env['LAW_RUNS'] ?? 1);

/** What is wrong with a story, in words. */
type Flaws = (story: MessageStory) => readonly string[];

const firsts = (ids: readonly string[]): readonly string[] => [...new Set(ids)];
const copiesOf = ({ arrived }: MessageStory, id: string) => arrived.filter((copy) => copy.id === id);

const oneOutcome: Flaws = (story) =>
  story.owed.flatMap((id) => {
    const accepted = story.accepted.filter((each) => each === id).length;
    const returned = story.returned.filter((each) => each === id).length;
    if (accepted + returned === 0) return [`${id} has no outcome`];
    if (accepted > 1) return [`${id} was accepted ${accepted} times`];
    if (accepted > 0 && returned > 0) return [`${id} was accepted and came back`];
    // The error is the same stanza with the same id: a worker that died could not say that it had sent it.
    return returned > 1 + story.deaths ? [`${id} came back ${returned} times`] : [];
  });

const doublesAreMarked: Flaws = (story) =>
  firsts(story.arrived.map(({ id }) => id)).flatMap((id) => {
    const [, ...more] = copiesOf(story, id);
    if (more.length > 1) return [`${id} arrived ${more.length + 1} times`];
    return more.every(({ repeated }) => repeated) ? [] : [`${id} arrived twice, unmarked`];
  });

const inOrder: Flaws = ({ arrived, owed }) => {
  const got = firsts(arrived.map(({ id }) => id));
  const wanted = owed.filter((id) => got.includes(id));
  return got.join() === wanted.join() ? [] : [`${got.join()} instead of ${wanted.join()}`];
};

const nothingUnsaid: Flaws = ({ arrived, owed }) => arrived.filter(({ id }) => !owed.includes(id)).map(({ id }) => `${id} arrived and was not taken`);

describe.each<[string, Omit<StoryOptions, 'seed' | 'dialect'>]>([
  ['nobody dies', { crashes: 0 }],
  ['workers die before they commit', { crashAt: 'receive', crashes: 15 }],
  ['workers die between commit and effect', { crashAt: 'commit', crashes: 15 }],
  ['workers die between two effects', { crashAt: 'effect', crashes: 15 }],
  ['workers die before they can tell what came of an effect', { crashAt: 'answer', crashes: 15 }],
  ['workers die anywhere', { crashes: 8 }],
])('%s', (_name, options) => {
  const stories: MessageStory[] = [];
  beforeAll(() => {
    for (let seed = 1; seed <= STORIES; seed += 1) {
      for (const dialect of ['microsoft', 'simple'] as const) stories.push(new MessageStory({ ...options, seed, dialect }).play());
    }
  });

  const flawsOf = (find: Flaws): readonly string[] => stories.flatMap((story, n) => find(story).map((what) => `story ${n}: ${what}`));

  test('the stories are worth telling', () => {
    const sum = (count: (story: MessageStory) => number): number => stories.reduce((total, story) => total + count(story), 0);
    expect(sum(({ owed }) => owed.length)).toBeGreaterThan(5 * STORIES);
    expect(sum(({ returned }) => returned.length)).toBeGreaterThan(STORIES / 2);
    expect(sum(({ arrived }) => arrived.filter(({ repeated }) => repeated).length)).toBeGreaterThan(STORIES / 20);
    expect(sum(({ deaths }) => deaths) > STORIES).toBe(options.crashes > 0);
  });

  test('promise 1: every message that was taken has exactly one outcome', () => {
    expect(flawsOf(oneOutcome)).toEqual([]);
    expect(flawsOf(nothingUnsaid)).toEqual([]);
  });

  test('promise 1: a message arrives twice only when nobody could know that it had arrived, and is marked then', () => {
    expect(flawsOf(doublesAreMarked)).toEqual([]);
  });

  test('promise 2: messages arrive in the order in which they were written', () => {
    expect(flawsOf(inOrder)).toEqual([]);
  });

  test('promise 1: nothing waits beyond its time, and nothing is left in the end', () => {
    expect(stories.flatMap(({ overdue }, n) => overdue.map((id) => `story ${n}: ${id}`))).toEqual([]);
    expect(stories.filter(({ left }) => left > 0)).toEqual([]);
  });
});
