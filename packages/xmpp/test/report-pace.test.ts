import xml from '@xmpp/xml';

import { Acknowledgements, type Ticket } from '../src/acknowledgements';

/** Reports to a server that does not take them, by a clock of the test's own. */
function failing() {
  const told: string[] = [];
  const server = { at: [] as number[], takes: false };
  const acknowledgements = new Acknowledgements({
    report: async () => {
      server.at.push(performance.now());
      if (!server.takes) throw new Error('no');
    },
    askMoved: async () => undefined,
    onLate: (n) => told.push(`late: ${n}`),
    deadlineMs: 100_000,
    pauseMs: 50,
    onFailing: (why) => told.push(`failing: ${why}`),
    onWorking: (failures) => told.push(`working after ${failures}`),
  });
  const take = (n: number): Ticket | undefined => {
    const number = xml('number', { xmlns: 'urn:isthmus:partition:0', epoch: 'e', n: String(n) });
    return acknowledgements.take(xml('message', {}, number));
  };
  const handle = (n: number): void => take(n)?.release();
  return { acknowledgements, server, told, take, handle };
}

describe('the pace of reports that fail', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('promise 6: pauses double up to 2 s and no further; the next one that works is the end of that', async () => {
    const { server, told, handle } = failing();
    handle(1);
    await jest.advanceTimersByTimeAsync(20_000);
    const pauses = server.at.slice(1).map((at, before) => at - (server.at[before] ?? 0));
    expect(pauses.slice(0, 7)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000]);
    expect(new Set(pauses.slice(5))).toEqual(new Set([2_000]));
    expect(told).toEqual(['failing: no']);
    server.takes = true;
    const failures = server.at.length;
    await jest.advanceTimersByTimeAsync(2_000);
    expect(told).toEqual(['failing: no', `working after ${failures}`]);
    handle(2);
    await jest.advanceTimersByTimeAsync(50);
    expect(server.at).toHaveLength(failures + 2);
    expect(told).toHaveLength(2);
  });

  it('XD-10: a worker that leaves does not wait for the pause, and is not kept by a server that takes nothing', async () => {
    const { acknowledgements, server, handle } = failing();
    handle(1);
    await jest.advanceTimersByTimeAsync(6_000);
    const before = server.at.length;
    await acknowledgements.reported();
    expect(server.at.length).toBeGreaterThan(before);
    acknowledgements.end();
    const after = server.at.length;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.at).toHaveLength(after);
  });

  it('a connection that ends ends its pause too', async () => {
    const { acknowledgements, server, told, handle } = failing();
    handle(1);
    await jest.advanceTimersByTimeAsync(6_000);
    const before = server.at.length;
    acknowledgements.end();
    expect(jest.getTimerCount()).toBe(0);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.at).toHaveLength(before);
    expect(told).toEqual(['failing: no']);
  });

  it('promise 6: late is what was not handled in time, and not what is handled and waits behind it', async () => {
    const { server, told, take, handle } = failing();
    server.takes = true;
    const late = take(1);
    handle(2);
    await jest.advanceTimersByTimeAsync(99_000);
    expect([told, server.at]).toEqual([[], []]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect([told, server.at.length]).toEqual([['late: 1'], 1]);
    late?.release();
    await jest.advanceTimersByTimeAsync(200_000);
    expect([told, server.at.length]).toEqual([['late: 1'], 1]);
  });
});
