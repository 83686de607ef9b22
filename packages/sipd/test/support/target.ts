/**
 * The server under test: sipd, or the real drachtio-server that ISTHMUS_DRACHTIO=host:port names (with
 * ISTHMUS_DRACHTIO_SECRET), so that one suite pins the behaviour of both.
 */
import { connect } from 'node:net';
import { createSipd, type Sipd, type SipdOptions } from '../../src';
import { DEADLINE_MS } from './inbox';

export const SECRET = 'correct horse';

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly sip: { readonly udp: number; readonly tcp: number; readonly tls: number };
  /** Only when the server is sipd. */
  readonly sipd: Sipd | undefined;
  /** Errors that the server logged; every test file expects none. */
  readonly errors: string[];
  close(): Promise<void>;
}

const external = process.env['ISTHMUS_DRACHTIO'];

/** For tests of what only sipd has: switches, settable timers, restart on demand, its own limits. */
export const describeSipd = external === undefined ? describe : describe.skip;

/** Short timers: T1 20 ms, T2 160 ms, T4 200 ms, 64*T1 1280 ms. */
export const SHORT = { t1: 20 };

/** 64*T1 of the server under test, in milliseconds. */
export const T1X64 = external === undefined ? 64 * SHORT.t1 : 32_000;

/** A deadline for what comes after 64*T1 or twice that, as late as timers are on a slow machine. */
export const LONG_AFTER_T1X64 = 3 * T1X64 + DEADLINE_MS;

export async function startSipd(options: Partial<SipdOptions> = {}): Promise<Target> {
  const errors: string[] = [];
  const sipd = await createSipd({
    admin: { host: '127.0.0.1', port: 0 },
    secret: SECRET,
    sip: [
      { protocol: 'udp', host: '127.0.0.1', port: 0 },
      { protocol: 'tcp', host: '127.0.0.1', port: 0 },
    ],
    timers: SHORT,
    log: (level, event, fields) => {
      if (level === 'error') errors.push(`${event} ${JSON.stringify(fields)}`);
    },
    ...options,
  });
  const port = (protocol: string): number => sipd.sip.find((each) => each.protocol === protocol)?.port ?? 0;
  return {
    host: '127.0.0.1',
    port: sipd.admin.port,
    secret: SECRET,
    sip: { udp: port('udp'), tcp: port('tcp'), tls: port('tls') },
    sipd,
    errors,
    close: () => sipd.close(),
  };
}

/** Asks a real server for its SIP ports, as its reply to `authenticate` lists them. */
function externalTarget(hostport: string, secret: string): Promise<Target> {
  const [host = '127.0.0.1', port = '9022'] = hostport.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => {
      const payload = `probe-${process.pid}|authenticate|${secret}|`;
      socket.write(`${payload.length}#${payload}`);
    });
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      const text = data.toString();
      const sip = (protocol: string): number => Number(new RegExp(`${protocol}/[^,|]*:(\\d+)`).exec(text)?.[1]);
      const close = (): Promise<void> => Promise.resolve();
      resolve({ host, port: Number(port), secret, sip: { udp: sip('udp'), tcp: sip('tcp'), tls: sip('tls') }, sipd: undefined, errors: [], close });
    });
  });
}

/** The server under test. */
export function target(): Promise<Target> {
  if (external === undefined) return startSipd();
  return externalTarget(external, process.env['ISTHMUS_DRACHTIO_SECRET'] ?? 'cymru');
}
