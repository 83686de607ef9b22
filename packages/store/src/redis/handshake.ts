import { connect } from 'node:tls';

import { toError } from '../state';
import { tlsOptions } from './client-options';
import type { Place, RedisSettings } from './options';

/**
 * Why nobody can be talked to at a place over TLS; undefined when somebody answers there. ioredis keeps that to itself where it asks
 * Sentinels, or nodes of a cluster, for the way: "Connection is closed" is all that it says.
 */
export function handshakeFailure(place: Place, settings: RedisSettings): Promise<Error | undefined> {
  return new Promise<Error | undefined>((resolve) => {
    const socket = connect({ ...place, ...tlsOptions(settings).tls });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(error);
    };
    const timer = setTimeout(() => end(new Error('no answer in time')), settings.connectTimeoutMs);
    socket.once('error', end).once('data', () => end());
    socket.once('close', () => end(new Error('the connection was lost')));
    socket.write('PING\r\n'); // a server that wants a certificate of ours says so only now (RFC 8446 section 4.4.2.4)
  }).catch(toError);
}
