import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TORTURE } from '../../packages/sipd/test/torture';

const CASES = join(__dirname, '..', '..', 'packages', 'codec', 'test', 'cases');

/** The golden cases of the codec: files of one kind in one folder. */
export function cases(folder: string, extension: string): readonly string[] {
  const names = readdirSync(join(CASES, folder)).filter((name) => name.endsWith(extension)).sort();
  return names.map((name) => readFileSync(join(CASES, folder, name), 'utf8'));
}

/** SIP messages as bytes: the golden cases on the wire, and the torture messages. */
export const SIP_BYTES: readonly string[] = [
  ...cases('sip/read', '.sip').map(onTheWire),
  ...TORTURE.map(({ bytes }) => bytes({ transport: 'TCP', host: '127.0.0.1', port: 5060 }).toString('latin1')),
];

function onTheWire(text: string): string {
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').split('\n\n');
  const body = Buffer.from(rest.join('\n\n').replace(/\n$/, '').replaceAll('\n', '\r\n'));
  const lines = head.trimEnd().split('\n').filter((line) => !/^content-length:/i.test(line));
  const via = 'Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1;rport';
  return `${[lines[0], via, ...lines.slice(1), `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body.toString('latin1')}`;
}
