import { examineXmpp } from '../src';
import { ComponentServer } from './support/component-server';
import type { Behaviour } from './support/component-server';
import { DOMAIN, SECRET, USER_DOMAIN } from './support/links';

let server: ComponentServer | undefined;
afterEach(() => server?.stop());

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function examine(behaviour: Partial<Behaviour> = {}, secret = SECRET) {
  server = await ComponentServer.start({ secret: SECRET, guard: 'closed', plugin: true, ...behaviour }, USER_DOMAIN);
  const where = { host: '127.0.0.1', port: server.port, domain: DOMAIN, userDomain: USER_DOMAIN };
  return examineXmpp({ ...where, secret, workerName: 'doctor', mode: 'partitioned', log: quiet, writeError: () => undefined, timeoutMs: 2_000 });
}

describe('XD-8: what an onlooker finds', () => {
  test('all is well', async () => {
    expect(await examine()).toEqual({ domains: [{ domain: USER_DOMAIN }] });
  });

  test('the guard is open: the spoof that was tried has not been refused', async () => {
    expect(await examine({ guard: 'open' })).toEqual({ domains: [{ domain: USER_DOMAIN, problem: expect.stringMatching(/let this component speak in the name of/) }] });
  });

  test('the plug-in is missing', async () => {
    expect(await examine({ plugin: false, guard: 'strict' })).toMatchObject({ domains: [{ problem: expect.stringMatching(/plug-in is not active/) }] });
  });

  test('the secret is wrong', async () => {
    expect(await examine({}, 'another')).toEqual({ refusal: expect.stringMatching(/refused the secret/), domains: [] });
  });

  test('it tells no name, so that the plug-in gives it no stanzas of workers, and asks for none', async () => {
    await examine();
    const connection = await server?.connection();
    const said = connection?.stanzas.unclaimed.map((stanza) => stanza.getChildElements()[0]?.name);
    expect(said).not.toContain('worker');
    expect(said).toContain('drain');
  });
});
