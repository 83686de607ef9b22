import { TextStory, type TextStoryOptions } from './support/text-story';

/**
 * Laws of the SIP user's texts over thousands of stories (promises 1 and 2): a worker dies between receiving, commit, effect
 * and answer; the store and the XMPP server are away; a request comes twice. The same seed plays the same story.
 */

const STORIES = 300 * Number(process.env['LAW_RUNS'] ?? 1);

type Flaws = (story: TextStory) => readonly string[];

const firsts = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
const copiesOf = ({ arrived }: TextStory, text: string) => arrived.filter((copy) => copy.text === text);

/** 200 means handed over. What came back by an answer was not, but for what a dead worker could not tell, and a blind one not know. */
const oneOutcome: Flaws = (story) => {
  const missing = story.sent.filter(({ text, status }) => status === 200 && copiesOf(story, text).length === 0).map(({ text }) => `${text} was answered 200 and did not arrive`);
  const misreported = story.failed.filter((text) => !story.blind.has(text) && copiesOf(story, text).length > 0);
  const unknown = story.sent.filter(({ status }) => status === undefined).map(({ text }) => `${text} has no outcome`);
  return [...missing, ...unknown, ...(misreported.length > story.inDoubt ? [`${misreported.join()} arrived and came back, with ${story.inDoubt} in doubt`] : [])];
};

const doubles: Flaws = (story) => {
  const twice = story.sent.flatMap(({ text }) => copiesOf(story, text).slice(1));
  return twice.length > story.inDoubt ? [`${twice.map(({ text }) => text).join()} arrived again, with ${story.inDoubt} in doubt`] : [];
};

const oneId: Flaws = (story) =>
  story.sent.filter(({ text }) => !story.failed.includes(text) && new Set(copiesOf(story, text).map(({ id }) => id)).size > 1).map(({ text }) => `${text} arrived under several stanza ids`);

const inOrder: Flaws = ({ arrived, sent }) => {
  const got = firsts(arrived.map(({ text }) => text));
  const wanted = sent.map(({ text }) => text).filter((text) => got.includes(text));
  return got.join() === wanted.join() ? [] : [`${got.join()} instead of ${wanted.join()}`];
};

describe.each<[string, Omit<TextStoryOptions, 'seed' | 'dialect'>]>([
  ['nobody dies', { crashes: 0 }],
  ['nobody dies, and his client does not wait for answers (observed A9)', { crashes: 0, pipelined: true }],
  ['workers die before they commit', { crashAt: 'receive', crashes: 10 }],
  ['workers die between commit and effect', { crashAt: 'commit', crashes: 10 }],
  ['workers die between the text and its answer', { crashAt: 'effect', crashes: 10 }],
  ['workers die before they can note what they have done', { crashAt: 'answer', crashes: 10 }],
  ['workers die anywhere', { crashes: 5 }],
])('%s', (_name, options) => {
  const stories: TextStory[] = [];
  beforeAll(() => {
    for (let seed = 1; seed <= STORIES; seed += 1) {
      for (const dialect of ['microsoft', 'simple'] as const) stories.push(new TextStory({ ...options, seed, dialect }).play());
    }
  });

  const flawsOf = (find: Flaws): readonly string[] => stories.flatMap((story, n) => find(story).map((what) => `story ${n}: ${what}`));

  test('the stories are worth telling', () => {
    const sum = (count: (story: TextStory) => number): number => stories.reduce((total, story) => total + count(story), 0);
    expect(sum(({ sent }) => sent.filter(({ status }) => status === 200).length)).toBeGreaterThan(5 * STORIES);
    expect(sum(({ failed }) => failed.length)).toBeGreaterThan(STORIES / 4);
    expect(sum(({ deaths }) => deaths) > STORIES).toBe(options.crashes > 0);
    expect(sum(({ blind }) => blind.size)).toBeLessThan(STORIES);
  });

  test('promise 1: a text that was answered 200 has been handed over; one that came back has not', () => {
    expect(flawsOf(oneOutcome)).toEqual([]);
  });

  test('promise 1: a request that comes again (same Call-ID and CSeq) is not delivered again; a death doubles at most what was handed over and not noted, under one stanza id', () => {
    expect(flawsOf(doubles)).toEqual([]);
    expect(flawsOf(oneId)).toEqual([]);
  });

  test('promise 2: texts arrive in the order in which they were written', () => {
    expect(flawsOf(inOrder)).toEqual([]);
  });

  test('promise 1: nothing is left in the end', () => {
    expect(stories.flatMap(({ left }, n) => (left > 0 ? [`story ${n}: ${left}`] : []))).toEqual([]);
  });
});
