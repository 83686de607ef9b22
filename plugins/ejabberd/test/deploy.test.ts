import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ejabberd } from '../../../scenarios/support/ejabberd';
import { freePort, LOOPBACK } from '../../../scenarios/support/ports';
import { Worker } from '../../test/support/worker';
import { DOMAIN, GATEWAY } from './support/bench';

const FILE = join(__dirname, '..', '..', '..', 'deploy', 'ejabberd', 'ejabberd.yml');

test('the configuration of docker compose: a real ejabberd takes it, and a worker is served', async () => {
  const [c2sPort, componentPort] = [await freePort(), await freePort()];
  const text = readFileSync(FILE, 'utf8')
    .replaceAll('DOMAIN_NAME', DOMAIN)
    .replaceAll('COMPONENT_NAME', GATEWAY)
    .replaceAll('ip: "::"', `ip: "${LOOPBACK}"`)
    .replace('port: 5222', `port: ${c2sPort}`)
    .replace('port: 5347', `port: ${componentPort}`);
  const server = await Ejabberd.startWith((directory) => ({
    'ejabberd.yml': text.replace('/run/ejabberd', directory),
    'secret.yml': 'define_macro:\n  COMPONENT_SECRET: "secret"\n',
  }));
  try {
    const place = { domain: DOMAIN, component: GATEWAY, secret: 'secret', componentPort, otherComponentPort: componentPort };
    const worker = await Worker.connect(place, { worker: 'w1', acknowledge: true });
    await worker.settle();
    await worker.stream.cut();
  } finally {
    await server.stop();
  }
});
