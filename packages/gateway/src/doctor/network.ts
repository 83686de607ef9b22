import { lookup } from 'node:dns/promises';
import { connect as connectTcp } from 'node:net';

/** Deadline for each question to the network, milliseconds. */
export const QUESTION_MS = 4_000;

/** Addresses of a host name, or what DNS said instead. */
export async function resolve(host: string): Promise<{ readonly addresses: readonly string[] } | { readonly why: string }> {
  try {
    const found = await within(lookup(host.replace(/^\[(.*)\]$/, '$1'), { all: true }));
    return { addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { why: wordsFor(error) };
  }
}

/** Undefined: a TCP connection could be made (and was closed again); else why not. */
export function tryTcp(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (why?: string) => {
      socket.destroy();
      resolve(why);
    };
    socket.setTimeout(QUESTION_MS, () => end(`no answer within ${QUESTION_MS / 1_000} s`));
    socket.once('connect', () => end());
    socket.once('error', (error) => end(wordsFor(error)));
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  EHOSTUNREACH: 'there is no way to this host',
  ENETUNREACH: 'there is no way to this network',
  ENOTFOUND: 'DNS knows no such name',
  EAI_AGAIN: 'DNS does not answer',
  ENODATA: 'DNS has no address for this name',
  ETIMEOUT: 'DNS does not answer',
  ESERVFAIL: 'DNS failed to answer',
  ECONNRESET: 'the connection was closed at once',
};

export function wordsFor(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Rejects when the answer is late. */
export async function within<T>(question: Promise<T>, ms = QUESTION_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
