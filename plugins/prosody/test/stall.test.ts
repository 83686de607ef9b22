import { startBench } from './support/bench';

/** Long enough for this test to stop the server before it is over, on a slow machine too. */
const DEADLINE_SECONDS = 2;
const LONGER_THAN_THE_DEADLINE_MS = 2 * DEADLINE_SECONDS * 1_000;

test('XD-11: a server that stood still itself does not take its workers for dead', async () => {
  const bench = await startBench(['ann'], { domainOptions: { isthmus_ping_interval: 0.2, isthmus_ping_deadline: DEADLINE_SECONDS } });
  try {
    const worker = await bench.connect({ worker: 'w1', acknowledge: true, answersPings: false });
    // The next ping is under way; its answer will lie before a server that does not run.
    const ping = await worker.take('ping', (stanza) => stanza.getChild('ping') !== undefined);
    bench.server.kill('SIGSTOP');
    worker.answer(ping);
    await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_THE_DEADLINE_MS));
    bench.server.kill('SIGCONT');
    await worker.settle();
    expect(worker.stream.elements.unclaimed.filter(({ name }) => name === 'stream:error')).toEqual([]);
  } finally {
    await bench.stop();
  }
});
