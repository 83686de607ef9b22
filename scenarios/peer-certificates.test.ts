import { connect } from 'node:tls';

import { Cast } from './support/cast';
import { Authority, pemOf } from './support/certificates';
import type { IssuedCertificate } from './support/certificates';
import { exchange } from './support/foreign-host';
import { freePort } from './support/ports';
import { token } from './support/raw-sip';
import { START_MS } from './support/recovery';
import { SipMessage } from './support/sip-message';

/**
 * Peers that are known by their certificate (docs/security.md, docs/tls.md): `pool` by the name alone, `branch` by name and
 * address. The server asks for certificates and takes connections without one, so that it is the list of peers that decides.
 */

const BRANCH = '127.0.0.4';
const ELSEWHERE = '127.0.0.3';

let authority: Authority;
let cast: Cast;
let tlsPort: number;
let certificates: Readonly<Record<'pool' | 'branch' | 'other', IssuedCertificate>>;

beforeAll(async () => {
  authority = Authority.create();
  const [own, pool, branch, other] = ['isthmus', 'pool', 'branch', 'other'].map((name) => authority.issue({ names: [`DNS:${name}.example.com`] })) as [IssuedCertificate, IssuedCertificate, IssuedCertificate, IssuedCertificate];
  certificates = { pool, branch, other };
  const sipPort = await freePort();
  tlsPort = await freePort();
  const listen = [
    { transport: 'tcp', host: '127.0.0.1', port: sipPort },
    { transport: 'tls', host: '127.0.0.1', port: tlsPort },
  ];
  const peers = [
    { name: 'pool', tlsNames: ['Pool.example.com'] },
    { name: 'branch', from: [BRANCH], tlsNames: ['branch.example.com'] },
  ];
  const tls = { ...own, ca: authority.ca, clientCertificates: 'optional' };
  cast = await Cast.start({ dialect: 'microsoft', sipPort, sip: { server: { type: 'embedded', listen, tls }, peers } });
}, START_MS);
afterAll(async () => {
  await cast.stop();
  authority.remove();
});

/** A text of Bob's to Ann from an address, over TLS with this certificate or none; or over TCP. */
async function writes(address: string, by: IssuedCertificate | 'no certificate' | 'tcp'): Promise<number> {
  const { ann, bob } = await cast.couple();
  const headers = {
    Via: `SIP/2.0/${by === 'tcp' ? 'TCP' : 'TLS'} ${address}:5061;branch=z9hG4bK${token()}`,
    'Max-Forwards': '70',
    From: `<${bob.uri}>;tag=${token()}`,
    To: `<sip:${ann.bareJid}>`,
    'Call-ID': token(),
    CSeq: '1 MESSAGE',
    'Content-Type': 'text/plain',
  };
  const message = new SipMessage(`MESSAGE sip:${ann.bareJid} SIP/2.0`, Object.entries(headers), Buffer.from('who am I?'));
  const near = { host: '127.0.0.1', localAddress: address };
  if (by === 'tcp') return (await exchange({ ...near, port: cast.world.sipPort }, message)).status;
  const shown = by === 'no certificate' ? {} : pemOf(by);
  return (await exchange(connect({ ...near, port: tlsPort, servername: 'isthmus.example.com', ca: authority.pem, ...shown }), message)).status;
}

test('SEC-18, SEC-3: the name in a verified certificate is who a peer is, wherever it comes from', async () => {
  expect(await writes(ELSEWHERE, certificates.pool)).toBe(200);
  await cast.world.gateway.logged(/"peerName":"pool"[^\n]*"event":"request_received"/);
});

test('SEC-18, SEC-3: name and address, where both are given', async () => {
  expect(await writes(BRANCH, certificates.branch)).toBe(200);
  await cast.world.gateway.logged(/"peerName":"branch"[^\n]*"event":"request_received"/);
});

test.each([
  ['another name of the same authority', ELSEWHERE, () => certificates.other],
  ['no certificate', ELSEWHERE, () => 'no certificate' as const],
  ['the right name from another address', ELSEWHERE, () => certificates.branch],
  ['the right address with another name', BRANCH, () => certificates.other],
  ['the right address without a certificate', BRANCH, () => 'no certificate' as const],
  ['the right address without TLS', BRANCH, () => 'tcp' as const],
])('SEC-18, SEC-3, promise 5: %s: 403', async (_what, address, by) => {
  expect(await writes(address, by())).toBe(403);
});
