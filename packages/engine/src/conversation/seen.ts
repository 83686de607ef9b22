import type { DialogRef } from '../dialog';

/**
 * Requests of the far side that were taken lately, so that a repetition is known: the oldest first, one string for those that
 * came one after the other from the same side of a dialog, `Call-ID From-tag CSeqs`. CSeqs that follow one another are one run:
 * `2-9,11` are nine requests. (The From tag is part of it: a new dialog may reuse Call-ID and CSeq of an ended one,
 * microsoft-observed A4.)
 */
export type Seen = readonly string[];

/** Runs of CSeqs that are remembered. */
const MAX_RUNS = 32;

interface Run {
  readonly first: number;
  readonly last: number;
}

export function hasSeen(seen: Seen, ref: DialogRef): boolean {
  const side = sideOf(ref);
  return seen.some((entry) => entry.startsWith(side) && runsIn(entry).some(({ first, last }) => first <= ref.cseq && ref.cseq <= last));
}

export function noteSeen(seen: Seen, ref: DialogRef): Seen {
  const side = sideOf(ref);
  const before = seen.at(-1);
  if (before?.startsWith(side) !== true) return bounded([...seen, `${side}${ref.cseq}`]);
  const runs = runsIn(before);
  const newest = runs.at(-1);
  const isNext = newest !== undefined && newest.last + 1 === ref.cseq;
  const after = isNext ? [...runs.slice(0, -1), { first: newest.first, last: ref.cseq }] : [...runs, { first: ref.cseq, last: ref.cseq }];
  return bounded([...seen.slice(0, -1), write(side, after)]);
}

/** Without the `count` requests that came last. */
export function forgetLast(seen: Seen, count: number): Seen {
  const entry = seen.at(-1);
  if (entry === undefined || count <= 0) return seen;
  const older = seen.slice(0, -1);
  const runs = runsIn(entry);
  const { first, last } = runs.at(-1) ?? { first: 0, last: 0 };
  const left = [...runs.slice(0, -1), ...(last - first >= count ? [{ first, last: last - count }] : [])];
  return forgetLast(left.length === 0 ? older : [...older, write(sideIn(entry), left)], count - (last - first + 1));
}

function bounded(seen: Seen): Seen {
  const [oldest = '', ...newer] = seen;
  const count = seen.reduce((sum, entry) => sum + runsIn(entry).length, 0);
  if (count <= MAX_RUNS) return seen;
  const runs = runsIn(oldest).slice(1);
  return runs.length === 0 ? newer : [write(sideIn(oldest), runs), ...newer];
}

function sideOf({ callId, remoteTag }: DialogRef): string {
  return `${callId} ${remoteTag} `;
}

function sideIn(entry: string): string {
  return entry.slice(0, entry.lastIndexOf(' ') + 1);
}

function runsIn(entry: string): readonly Run[] {
  return entry.slice(entry.lastIndexOf(' ') + 1).split(',').map((text) => {
    const [first = '', last = first] = text.split('-');
    return { first: Number(first), last: Number(last) };
  });
}

function write(side: string, runs: readonly Run[]): string {
  return side + runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
