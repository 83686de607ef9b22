/** Cases of kind `address`: {id, dir: "s2x" | "x2s", in, out} or {id, dir, in, error: true}. */

import { jidToSip, readJid, sipToJid, writeJid } from '../packages/codec/src/address';
import { type Case, casesOf, failed, isObject, type Outcome, outcomeOf, show } from './vectors-format';

const DIRECTIONS: Readonly<Record<string, (text: string) => string | undefined>> = {
  s2x: (text) => {
    const read = sipToJid(text);
    return read.ok ? writeJid(read.value.jid) : undefined;
  },
  x2s: (text) => {
    const jid = readJid(text);
    const uri = jid.ok ? jidToSip(jid.value) : jid;
    return uri.ok ? uri.value : undefined;
  },
};

export function checkAddresses(cases: unknown): readonly Outcome[] {
  return casesOf(cases).map((one, index) =>
    isObject(one) ? checkOne(one, String(one.id ?? `case ${index}`)) : failed(`case ${index}`, 'is no object'),
  );
}

function checkOne(one: Case, id: string): Outcome {
  const convert = DIRECTIONS[String(one.dir)];
  const { in: input, out, error } = one;
  if (convert === undefined || typeof input !== 'string' || (error !== true && typeof out !== 'string')) {
    return failed(id, 'needs dir "s2x" or "x2s", a text in, and a text out or error true');
  }
  const expected = error === true ? undefined : out;
  const actual = convert(input);
  const complaint = `${show(input)} gives ${actual === undefined ? 'a fault' : show(actual)}, expected ${
    expected === undefined ? 'a fault' : show(expected)
  }`;
  return outcomeOf(`${id} ${String(one.dir)}`, actual === expected ? [] : [complaint]);
}
