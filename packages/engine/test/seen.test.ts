import fc from 'fast-check';
import type { DialogRef } from '../src/dialog';
import { forgetLast, hasSeen, noteSeen, type Seen } from '../src/conversation/seen';

const ref = (cseq: number, callId = 'call', remoteTag = 'far'): DialogRef => ({ callId, remoteTag, cseq });
const noted = (...refs: DialogRef[]): Seen => refs.reduce<Seen>(noteSeen, []);

test('promise 1: a request is known again by Call-ID, From tag and CSeq together', () => {
  const seen = noted(ref(7));
  expect([ref(7), ref(6), ref(8), ref(7, 'other'), ref(7, 'call', 'new')].map((each) => hasSeen(seen, each))).toEqual([true, false, false, false, false]);
});

test('promise 6: the texts of a session take one place, however many they are', () => {
  const seen = noted(...Array.from({ length: 1_000 }, (_each, index) => ref(index + 2)));
  expect(seen).toEqual(['call far 2-1001']);
  expect([1, 2, 500, 1_001, 1_002].map((cseq) => hasSeen(seen, ref(cseq)))).toEqual([false, true, true, true, false]);
});

test('promise 1: a text that was overtaken is a new one: what lies between two that were taken was not', () => {
  const seen = noted(ref(2), ref(3), ref(5));
  expect(hasSeen(seen, ref(4))).toBe(false);
  expect(noteSeen(seen, ref(4))).toEqual(['call far 2-3,5,4']);
});

test('promise 6: no more than 32 runs are remembered, the oldest goes first', () => {
  const gaps = noted(...Array.from({ length: 40 }, (_each, index) => ref(2 * index + 2)));
  expect([16, 18, 80].map((cseq) => hasSeen(gaps, ref(cseq)))).toEqual([false, true, true]);
  const pages = noted(...Array.from({ length: 40 }, (_each, index) => ref(1, `page${index}`)));
  expect(pages).toHaveLength(32);
  expect(['page7', 'page8', 'page39'].map((callId) => hasSeen(pages, ref(1, callId)))).toEqual([false, true, true]);
});

test('promise 1: what an older version has stored, one entry for each request, is read and gone on from', () => {
  const stored = ['call far 2', 'call far 3', 'other far 9'];
  expect([ref(2), ref(3), ref(9, 'other')].map((each) => hasSeen(stored, each))).toEqual([true, true, true]);
  expect(noteSeen(stored, ref(10, 'other'))).toEqual(['call far 2', 'call far 3', 'other far 9-10']);
  expect(forgetLast(stored, 2)).toEqual(['call far 2']);
});

test('promise 1: a run is forgotten from its end', () => {
  const seen = ['other far 1', 'call far 2-9,11-12'];
  expect([0, 1, 3, 10, 11, 99].map((count) => forgetLast(seen, count).join('; '))).toEqual([
    'other far 1; call far 2-9,11-12',
    'other far 1; call far 2-9,11',
    'other far 1; call far 2-8',
    'other far 1',
    '',
    '',
  ]);
});

const refs = fc.array(fc.record({ callId: fc.constantFrom('one', 'two'), remoteTag: fc.constantFrom('a', 'b'), cseq: fc.integer({ min: 1, max: 6 }) }), { maxLength: 30 });

test('promise 1: forgetting the last of what was noted leaves what was there before it', () => {
  fc.assert(
    fc.property(refs, refs, (before, after) => {
      const fresh = [...before, ...after].slice(0, 30); // within the bound
      const first = fresh.slice(0, before.length);
      expect(forgetLast(noted(...fresh), fresh.length - first.length)).toEqual(noted(...first));
    }),
  );
});

test('promise 1: of fewer requests than the bound, those that were noted are known, and no others', () => {
  fc.assert(
    fc.property(refs, refs, (taken, asked) => {
      const names = new Set(taken.map((each) => JSON.stringify(each)));
      for (const each of asked) expect(hasSeen(noted(...taken), each)).toBe(names.has(JSON.stringify(each)));
    }),
  );
});
