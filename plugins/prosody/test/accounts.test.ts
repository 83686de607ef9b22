import xml from '@xmpp/xml';

import { DOMAIN, startBench } from './support/bench';
import { PARTITION_NS } from '../../test/support/worker';

test('XD-6: an account that another process makes is local as soon as its user logs in', async () => {
  const bench = await startBench([]);
  try {
    const worker = await bench.connect({ worker: 'w1' });
    const isLocal = async (): Promise<unknown> => {
      const answer = await worker.tell('get', xml('account', { xmlns: PARTITION_NS, jid: `new@${DOMAIN}` }));
      return answer.getChild('account')?.attrs['local'];
    };
    expect(await isLocal()).toBe('false');
    await bench.server.writeAccount('new', 'pencil');
    const user = await bench.login('new');
    await user.stop();
    expect(await isLocal()).toBe('true');
  } finally {
    await bench.stop();
  }
});
