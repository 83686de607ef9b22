import type { Fault } from './fault';

/** What pure code answers where bad input is expected: a value, or the fault that says what is wrong with the input. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

export function succeed<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(fault: Fault): Result<never> {
  return { ok: false, fault };
}
