import { Ejabberd } from './ejabberd';
import { Prosody } from './prosody';
import { luaLiteral } from './prosody-config';
import type { PartitionedServer, PartitionedServerOptions } from './xmpp-server';

export type ServerName = 'prosody' | 'ejabberd';

/** Which server the tests of this run are played on: set by the jest project or by the environment; default Prosody. */
export const SERVER_UNDER_TEST = ((): ServerName => {
  const global = globalThis as { readonly ISTHMUS_XMPP_SERVER?: string };
  const name = global.ISTHMUS_XMPP_SERVER ?? process.env['ISTHMUS_XMPP_SERVER'] ?? 'prosody';
  if (name !== 'prosody' && name !== 'ejabberd') throw new Error(`ISTHMUS_XMPP_SERVER is "${name}": it must be prosody or ejabberd`);
  return name;
})();

/** Starts a real server with our plug-in. */
export function startPartitionedServer(options: PartitionedServerOptions, name = SERVER_UNDER_TEST): Promise<PartitionedServer> {
  return name === 'ejabberd' ? Ejabberd.start(options) : startProsody(options);
}

function startProsody({ pluginOptions = {}, unservedDomain, otherComponent, rooms, ...options }: PartitionedServerOptions): Promise<Prosody> {
  const sections = [
    unservedDomain !== undefined && `VirtualHost ${luaLiteral(unservedDomain)}`,
    otherComponent !== undefined && `Component ${luaLiteral(otherComponent)}\ncomponent_secret = "other"`,
    rooms !== undefined && `Component ${luaLiteral(rooms)} "muc"\nmuc_room_locking = false`,
  ];
  // Those of a plug-in that is loaded later are there from the beginning.
  const given = { ...(options.partitioned === false && { component: options.component }), ...pluginOptions };
  const domainOptions = Object.fromEntries(Object.entries(given).map(([name, value]) => [`isthmus_${name}`, value]));
  return Prosody.start({ ...options, domainOptions, extraConfig: sections.filter(Boolean).join('\n') });
}
