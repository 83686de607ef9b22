import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { Authority, type IssuedCertificate } from '../../../scenarios/support/certificates';
import { createSipd, credentialProblems, type TlsOptions } from '../src';
import { readArguments } from '../src/arguments';

let authority: Authority;
let own: IssuedCertificate;

beforeAll(() => {
  authority = Authority.create();
  own = authority.issue({ names: ['DNS:isthmus.example.com'] });
});
afterAll(() => authority.remove());

const file = (name: string, text = ''): string => {
  const path = join(authority.folder, name);
  writeFileSync(path, text);
  return path;
};

describe('what is wrong with the files of TLS is said at the start, all at once', () => {
  const problems = (options: Partial<TlsOptions>): Record<string, string> => {
    const found = credentialProblems({ ...own, ca: authority.ca, ...options }, Date.now());
    return Object.fromEntries(found.map(({ option, message }) => [option, message.replaceAll(authority.folder, '')]));
  };

  test('nothing', () => {
    expect(problems({})).toEqual({});
    expect(problems({ further: [own], client: own })).toEqual({});
  });

  test('missing files, each by its option', () => {
    const missing = { certificate: '/nowhere/c.pem', key: '/nowhere/c.key' };
    expect(problems({ certificate: '/nowhere/a.pem', ca: '/nowhere/ca.pem', further: [missing], client: missing })).toEqual({
      certificate: 'the file /nowhere/a.pem cannot be read (no such file)',
      ca: 'the file /nowhere/ca.pem cannot be read (no such file)',
      'further.0.certificate': 'the file /nowhere/c.pem cannot be read (no such file)',
      'client.certificate': 'the file /nowhere/c.pem cannot be read (no such file)',
    });
    expect(problems({ key: '/nowhere/a.key' })).toEqual({ key: 'the file /nowhere/a.key cannot be read (no such file)' });
    expect(problems({ key: authority.folder })).toEqual({ key: expect.stringMatching(/\(it is a directory\)$/) });
  });

  test('a key that this user may not read', () => {
    const secret = file('secret.key', 'x');
    chmodSync(secret, 0);
    const message = problems({ key: secret })['key'];
    // Root may read everything, and then finds that it is no key.
    expect(message).toMatch(process.getuid?.() === 0 ? /holds no private key/ : /permission denied/);
  });

  test('a key of another certificate', () => {
    expect(problems({ key: authority.issue({}).key })).toEqual({ key: expect.stringMatching(/^the key in .*\.key does not belong to the certificate in .*\.pem$/) });
  });

  test('a key with a passphrase, no key, no certificate, a broken certificate', () => {
    const locked = file('locked.key');
    execFileSync('openssl', ['ec', '-in', own.key, '-aes128', '-passout', 'pass:x', '-out', locked], { stdio: 'ignore' });
    expect(problems({ key: locked })['key']).toMatch(/is protected by a passphrase: store it without one/);
    expect(problems({ key: own.certificate })['key']).toMatch(/holds no private key in PEM form$/);
    expect(problems({ certificate: own.key })['certificate']).toMatch(/holds no certificate in PEM form/);
    expect(problems({ ca: file('empty.pem') })['ca']).toMatch(/holds no certificate in PEM form/);
    expect(problems({ ca: file('bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') })['ca']).toMatch(/cannot be read/);
  });

  test('expired, not yet valid, for clients only', () => {
    expect(problems(authority.issue({ validFrom: -9, validTo: -1 }))['certificate']).toMatch(/expired on .*: renew it$/);
    expect(problems(authority.issue({ validFrom: 1, validTo: 9 }))['certificate']).toMatch(/is not valid before .*set the clock/);
    expect(problems(authority.issue({ usages: ['clientAuth'] }))['certificate']).toMatch(/may not be used by a TLS server/);
    expect(problems({ client: authority.issue({ usages: ['serverAuth'] }) })['client.certificate']).toMatch(/may not be used by a TLS client/);
    expect(problems(authority.issue({ usages: ['serverAuth'] }))).toEqual({});
    expect(problems(authority.issue({ usages: [] }))).toEqual({});
  });

  test('the server does not start with them, nor without any', async () => {
    const options = { admin: { host: '127.0.0.1', port: 0 }, secret: 's', sip: [{ protocol: 'tls', host: '127.0.0.1', port: 0 }] } as const;
    await expect(createSipd({ ...options, tls: { ...own, key: '/nowhere', ca: authority.ca } })).rejects.toThrow('tls.key: the file /nowhere cannot be read (no such file)');
    await expect(createSipd(options)).rejects.toThrow('a SIP listener with TLS needs a certificate, its key and authorities (tls)');
  });
});

describe('the command line', () => {
  const rest = (): string[] => ['--admin', '127.0.0.1:0', '--secret-file', file('s', 's'), '--sip', 'tls:127.0.0.1:5061'];
  const files = ['--tls-certificate', 'c', '--tls-key', 'k', '--tls-ca', 'a'];

  test('TLS by files', () => {
    const { sip, tls } = readArguments([...rest(), ...files, '--tls-name', 'n.example.com', '--tls-clients', 'none']);
    expect(sip).toEqual([{ protocol: 'tls', host: '127.0.0.1', port: 5061 }]);
    expect(tls).toEqual({ certificate: 'c', key: 'k', ca: 'a', name: 'n.example.com', clientCertificates: 'none' });
    expect(readArguments([...rest(), ...files]).tls).toMatchObject({ clientCertificates: 'required' });
    expect(readArguments(rest()).tls).toBeUndefined();
  });

  test('what is missing or wrong', () => {
    expect(() => readArguments([...rest(), ...files.slice(0, 4)])).toThrow('--tls-ca is missing');
    expect(() => readArguments([...rest(), ...files, '--tls-clients', 'some'])).toThrow('--tls-clients "some" is not required, optional or none');
  });
});
