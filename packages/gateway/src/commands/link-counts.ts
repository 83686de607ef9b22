import type { RouteTable } from '../routes';
import type { WorkerParts } from '../worker-parts';
import type { Count } from './counters-command';

/** The links of this worker and the routes as it sees them, for the counters. */
export function linkCounts({ xmpp, sip, store }: Pick<WorkerParts, 'xmpp' | 'sip' | 'store'>, table: RouteTable): readonly Count[] {
  const own = { 'XMPP link': xmpp.online ? 'up' : 'down', 'SIP servers connected': `${sip.connections().length}`, Store: store.state.is };
  const links = Object.entries(own).map(([label, value]) => ({ label: `${label} (this worker)`, value }));
  return [...links, ...table.routes.map(({ name }) => ({ label: `Route ${name} (this worker)`, value: table.state(name) }))];
}
