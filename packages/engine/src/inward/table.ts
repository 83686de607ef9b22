import type { Table } from '../machine';
import * as change from './change';
import { subscribed } from './subscribe';
import type { Inward } from './state';

/** What goes on in every state in which somebody may watch. */
function watching<Is extends Exclude<Inward['is'], 'none'>>(is: Is) {
  return {
    'sip.subscribe': { to: [is], run: subscribed },
    'outcome.notify': { to: [is], run: change.notified },
    'route.up': { to: [is], run: change.routeUp },
    timer: { to: [is], run: change.due },
  } as const;
}

export const INWARD: Table<Inward> = {
  none: {
    'sip.subscribe': { to: ['pending', 'none'], run: subscribed },
    'xmpp.subscribed': { to: ['active'], run: change.granted },
    'outcome.notify': { to: ['none'], run: change.notified },
  },
  pending: {
    ...watching('pending'),
    'xmpp.subscribed': { to: ['active'], run: change.granted },
    'xmpp.unsubscribed': { to: ['denied'], run: change.refused },
  },
  active: {
    ...watching('active'),
    'xmpp.unsubscribed': { to: ['denied'], run: change.refused },
    'xmpp.available': { to: ['active'], run: change.changed },
    'xmpp.unavailable': { to: ['active'], run: change.changed },
    'xmpp.down': { to: ['active'], run: change.xmppDown },
    'xmpp.up': { to: ['active'], run: change.xmppUp },
  },
  denied: {
    ...watching('denied'),
    'xmpp.subscribe': { to: ['denied', 'none'], run: change.reconsidered },
    'xmpp.subscribed': { to: ['active'], run: change.granted },
  },
};
