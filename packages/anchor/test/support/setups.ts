/**
 * One suite over three: sipd with its switch, an anchor before sipd with drachtio's limits switched on, and an anchor before the real
 * drachtio-server that ISTHMUS_DRACHTIO=host:port names (with ISTHMUS_DRACHTIO_SECRET).
 */
import type { AnchorCounts, AnchorLimits, SipdOptions } from '@isthmus/sipd';
import { SECRET, startSipd, target, type Target } from '../../../sipd/test/support/target';
import { createAnchor, type AnchorOptions } from '../../src';

export const WORKER_SECRET = 'battery staple';

/** Long for a machine that does other work too; after 2*64*T1 the server has forgotten what is not answered (MIM-15). */
const LIMITS: Partial<AnchorLimits> = { answerMs: 900, waitMs: 1_500 };

export interface Anchored extends Target {
  counts(): AnchorCounts;
}

export interface Setup {
  readonly name: string;
  start(limits?: Partial<AnchorLimits>): Promise<Anchored>;
}

/** An anchor before a server. */
export async function anchorBefore(server: Target, limits: Partial<AnchorLimits> = {}, options: Partial<AnchorOptions> = {}): Promise<Anchored> {
  const anchor = await createAnchor({
    server: { host: server.host, port: server.port, secret: server.secret },
    listen: { host: '127.0.0.1', port: 0 },
    secret: WORKER_SECRET,
    limits: { ...LIMITS, ...limits },
    retryMs: 50,
    log: (level, event, fields) => {
      if (level === 'error') server.errors.push(`${event} ${JSON.stringify(fields)}`);
    },
    ...options,
  });
  while (!anchor.up) await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    ...server,
    port: anchor.place.port,
    secret: WORKER_SECRET,
    counts: () => anchor.counts(),
    close: async () => {
      await anchor.close();
      await server.close();
    },
  };
}

/** sipd with its switch. */
export async function switched(limits: Partial<AnchorLimits> = {}, options: Partial<SipdOptions> = {}): Promise<Anchored> {
  const server = await startSipd({ anchor: { ...LIMITS, ...limits }, ...options });
  const counts = (): AnchorCounts => {
    const { anchor } = server.sipd?.counts() ?? {};
    if (anchor === undefined) throw new Error('the switch is not set');
    return anchor;
  };
  return { ...server, secret: SECRET, counts };
}

/** The limits of a real drachtio-server, and its way of writing. */
export const NASTY = { ring: true, pipeline: true, longLine: true, bodyMax: true, coalesce: true, split: true };

const external = process.env['ISTHMUS_DRACHTIO'];

export const SETUPS: readonly Setup[] = [
  { name: 'sipd with the switch', start: (limits) => switched(limits) },
  { name: 'anchor before sipd', start: async (limits) => anchorBefore(await startSipd({ switches: NASTY }), limits) },
  ...(external === undefined ? [] : [{ name: 'anchor before drachtio', start: async (limits?: Partial<AnchorLimits>) => anchorBefore(await target(), limits) }]),
];
