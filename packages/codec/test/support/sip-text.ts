import type { SipAnswerOut, SipRequestIn, SipRequestOut } from '../../src';

/** A SIP request as text (LF or CR LF) the way the link hands it over: lower-case names, repeated headers joined. */
export function requestIn(text: string, more: Partial<SipRequestIn> = {}): SipRequestIn {
  const unix = text.replaceAll('\r\n', '\n');
  const end = unix.indexOf('\n\n');
  const [start = '', ...lines] = (end < 0 ? unix.trimEnd() : unix.slice(0, end)).split('\n');
  const [method = '', uri = ''] = start.split(' ');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return {
    method,
    uri,
    headers,
    body: end < 0 ? '' : unix.slice(end + 2).replace(/\n$/, '').replaceAll('\n', '\r\n'),
    source: { address: '192.0.2.1', port: 5060, transport: 'tcp' },
    transaction: { server: 'd1', id: 'txn-1' },
    owner: 'w1/d1/1',
    ...more,
  };
}

/** What we send, as text: what is no part of the message stands above it. */
export function requestText(out: SipRequestOut): string {
  const meta = Object.entries({ proxy: out.proxy, server: out.server, stackId: out.stackId, timeoutMs: out.timeoutMs })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `# ${name}: ${value}`);
  return [...meta, `${out.method} ${out.uri} SIP/2.0`, ...message(out.headers, out.body)].join('\n');
}

export function answerText(out: SipAnswerOut): string {
  const reason = out.reason === undefined ? '' : ` ${out.reason}`;
  const meta = `# transaction: ${out.transaction.server} ${out.transaction.id}`;
  return [meta, `SIP/2.0 ${out.status}${reason}`, ...message(out.headers, out.body)].join('\n');
}

function message(headers: Readonly<Record<string, string>>, body: string | undefined): readonly string[] {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [...lines, '', ...(body === undefined ? [] : [body.replaceAll('\r\n', '\n').replace(/\n$/, '')])];
}
