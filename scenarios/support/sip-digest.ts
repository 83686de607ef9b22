import { createHash } from 'node:crypto';

import type { Exchange } from './raw-sip';
import type { Header } from './sip-message';

/** Name and password of an account of a SIP server. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const CHALLENGES: Readonly<Record<number, readonly [challenge: string, answer: string]>> = {
  401: ['WWW-Authenticate', 'Authorization'],
  407: ['Proxy-Authenticate', 'Proxy-Authorization'],
};

const md5 = (...parts: readonly string[]): string => createHash('md5').update(parts.join(':')).digest('hex');
const quoted = (challenge: string, name: string): string => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';

/** The header field that answers a server's challenge (RFC 2617 section 3.2, without qop); undefined: it is none, or it has been answered. */
export function answerTo({ request, response }: Exchange, { username, password }: Credentials): Header | undefined {
  const [challenge, answer] = CHALLENGES[response.status] ?? [];
  if (challenge === undefined || answer === undefined || request.header(answer) !== '') return undefined;
  const realm = quoted(response.header(challenge), 'realm');
  const nonce = quoted(response.header(challenge), 'nonce');
  const proof = md5(md5(username, realm, password), nonce, md5(request.method, request.uri));
  return [answer, `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="${request.uri}", response="${proof}"`];
}
