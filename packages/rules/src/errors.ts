/** Failures that a far side reports, for the other side (RFC 7247 section 7; requirements ERR-1, ERR-2, ERR-6). */

import type { Condition, ErrorType, Fault } from '@isthmus/model';
import { firstMatch } from './first-match';
import { type ConditionRow, RFC7247_TABLE_2 } from './tables/rfc7247-table-2';
import { RFC7247_TABLE_3 } from './tables/rfc7247-table-3';

/** A deployment's own rows: both tables are only SHOULD (ERR-1). What is absent stays as printed. */
export interface ErrorOverrides {
  readonly fromSip?: Readonly<Record<number, Condition>>;
  readonly toSip?: Partial<Readonly<Record<Condition, number>>>;
}

export interface FaultFromSipOptions {
  /** The URI of the Contact in a 3xx. Taken for 301 and the redirects only: a 410's `gone` carries none (MUST NOT). */
  readonly newAddress?: string;
  readonly overrides?: ErrorOverrides;
}

export interface SipFromFaultOptions {
  /** Which JID the failed stanza was for: the user (`bare`, the default) or one device (`full`). */
  readonly target?: 'full' | 'bare';
  readonly newAddress?: string;
  /** The server's name was not found in DNS. */
  readonly unresolvable?: boolean;
  readonly overrides?: ErrorOverrides;
}

const MAX_TEXT = 200;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;
const LONE_SURROGATE = /\p{Cs}/gu;
/** ERR-2: peers take a gateway that answers 503 for one user out of service for all. */
const NEVER_SENT = 503;

const UNDEFINED_CONDITION: ConditionRow = {
  condition: 'undefined-condition', types: ['cancel'], legacy: 500, full: 400, bare: 400,
};

function conditionRow(condition: Condition): ConditionRow {
  return firstMatch<ConditionRow, ConditionRow>(RFC7247_TABLE_2, (row) => row.condition === condition, (row) => row, UNDEFINED_CONDITION);
}

/** The condition of a SIP status, or undefined where there is none: 1xx, 2xx and what is no SIP status. */
export function conditionOfSip(status: number, overrides: ErrorOverrides = {}): Condition | undefined {
  const printed = firstMatch(
    RFC7247_TABLE_3,
    (row) => Number.isInteger(status) && row.from <= status && status <= row.to,
    (row): Condition | undefined => row.condition,
    undefined,
  );
  return printed === undefined ? undefined : (overrides.fromSip?.[status] ?? printed);
}

/** RFC 6120's types of a condition; the first is the one we send. */
export function typesOfCondition(condition: Condition): readonly ErrorType[] {
  return conditionRow(condition).types;
}

/** XEP-0086's code of a condition, for clients that know nothing newer; undefined where it has none. */
export function legacyCodeOf(condition: Condition): number | undefined {
  return conditionRow(condition).legacy;
}

/**
 * The fault of a failed SIP request. A status that is no failure (a defect of the caller or the peer) gives
 * `internal-server-error`. The reason phrase becomes the text, as one line of at most 200 characters; that of 401 and
 * 407 is dropped, because it is meant for the operator of the route (ERR-6).
 */
export function faultFromSip(status: number, reasonPhrase?: string, options: FaultFromSipOptions = {}): Fault {
  const mapped = conditionOfSip(status, options.overrides);
  const condition = mapped ?? 'internal-server-error';
  const blame = firstMatch(RFC7247_TABLE_3, (row) => row.from <= status && status <= row.to, (row) => row.blame, 'peer');
  const text = blame === 'us' ? '' : oneLine(reasonPhrase ?? '');
  const redirected = status < 400 && options.newAddress !== undefined;
  return {
    type: conditionRow(condition).types[0],
    condition,
    sip: mapped === undefined ? 500 : status,
    blame,
    ...(text === '' ? {} : { text }),
    ...(redirected ? { newAddress: options.newAddress } : {}),
  };
}

/** The SIP status of a stanza error's condition. Never 503 (ERR-2), whatever the overrides say. */
export function sipFromFault(condition: Condition, options: SipFromFaultOptions = {}): number {
  const override = options.overrides?.toSip?.[condition];
  if (override !== undefined && override !== NEVER_SENT) {
    return override;
  }
  const row = conditionRow(condition);
  if (options.newAddress !== undefined && row.withNewAddress !== undefined) {
    return row.withNewAddress;
  }
  if (options.unresolvable === true && row.unresolvable !== undefined) {
    return row.unresolvable;
  }
  return options.target === 'full' ? row.full : row.bare;
}

function oneLine(text: string): string {
  return [...text.replace(CONTROL, ' ').replace(LONE_SURROGATE, '').trim()].slice(0, MAX_TEXT).join('');
}
