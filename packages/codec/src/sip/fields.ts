import type { SubscriptionSubstate } from '@isthmus/model';

/** Header fields of SIP, each read leniently into what the events need. */

/** RFC 3261 section 20.16. Undefined: no CSeq. */
export function readCSeq(value: string | undefined): number | undefined {
  const match = /^\s*(\d{1,10})(\s|$)/.exec(value ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** Max-Forwards (RFC 3261 section 20.22: 0 to 255). Undefined: absent, or no number; that counts as enough. */
export function readMaxForwards(value: string | undefined): number | undefined {
  const match = /^\s*(\d{1,10})\s*$/.exec(value ?? '');
  return match === null ? undefined : Math.min(Number(match[1]), MAX_HOPS);
}

/** The most that Max-Forwards may say. */
export const MAX_HOPS = 255;

/** The largest delta-seconds (RFC 3261 section 25.1: up to 2**32 - 1). */
const MAX_SECONDS = 4_294_967_295;

/** Expires, Min-Expires, Retry-After (`120 (in a meeting);duration=60`). Undefined: absent, or no number. */
export function readSeconds(value: string | undefined): number | undefined {
  const match = /^\s*(\d{1,12})(?![\w.])/.exec(value ?? '');
  return match === null ? undefined : Math.min(Number(match[1]), MAX_SECONDS);
}

/** `Sat, 13 Nov 2010 23:29:00 GMT` (RFC 3261 section 20.17, RFC 1123) in milliseconds since the epoch. Undefined: no such date. */
export function readDate(value: string | undefined): number | undefined {
  const match = /^\s*(?:\w{3},\s*)?(\d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2}) GMT\s*$/.exec(value ?? '');
  const time = Date.parse(`${match?.[1] ?? ''} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/** More values than that in one list are not looked at. */
const MAX_LIST = 32;

const NOTHING: readonly string[] = [];

/** The values of a comma list, without parameters, trimmed. */
export function readList(value: string | undefined): readonly string[] {
  if (value === undefined) return NOTHING;
  const items = value.split(',', MAX_LIST).map(withoutParameters);
  return items.filter((item) => item !== '');
}

function withoutParameters(value: string): string {
  const semicolon = value.indexOf(';');
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
}

/** The event package (RFC 6665 section 8.2.1), lower case; parameters are dropped. */
export function readEventPackage(value: string | undefined): string {
  return withoutParameters(value ?? '').toLowerCase();
}

/** The `id` parameter of Event (RFC 6665 section 8.2.1). Undefined: absent, or no token of a sane length. */
export function readEventId(value: string | undefined): string | undefined {
  const [, ...parameters] = (value ?? '').split(';', MAX_LIST).map((part) => splitParameter(part.trim()));
  const id = parameters.find(([name]) => name.toLowerCase() === 'id')?.[1] ?? '';
  return /^[\w.!%*+`'~-]{1,64}$/.test(id) ? id : undefined;
}

/** RFC 6665 section 8.2.3. */
export interface SubscriptionState {
  readonly substate: SubscriptionSubstate;
  readonly reason?: string;
  readonly expiresSeconds?: number;
  readonly retryAfterSeconds?: number;
}

/** Undefined: no state. A substate that is none of the three is an extension of active (RFC 6665 section 4.1.3). */
export function readSubscriptionState(value: string | undefined): SubscriptionState | undefined {
  const [name = '', ...parameters] = (value ?? '').split(';', MAX_LIST).map((part) => part.trim().toLowerCase());
  if (!/^[\w.!%*+`'~-]+$/.test(name)) return undefined;
  const values = new Map(parameters.map((parameter) => splitParameter(parameter)));
  const reason = values.get('reason') ?? '';
  const expiresSeconds = readSeconds(values.get('expires'));
  const retryAfterSeconds = readSeconds(values.get('retry-after'));
  return {
    substate: name === 'pending' || name === 'terminated' ? name : 'active',
    ...(/^[\w.!%*+`'~-]{1,64}$/.test(reason) && { reason }),
    ...(expiresSeconds !== undefined && { expiresSeconds }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function splitParameter(parameter: string): readonly [name: string, value: string] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, ''] : [parameter.slice(0, equals).trim(), parameter.slice(equals + 1).trim()];
}
