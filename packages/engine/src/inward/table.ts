import type { Table } from '../machine';
import * as change from './change';
import { policyChanged } from './policy';
import { subscribed } from './subscribe';
import type { Inward } from './state';

/** What goes on in every state in which somebody may watch. */
function watching<Is extends Exclude<Inward['is'], 'none'>>(is: Is) {
  return {
    'outcome.notify': { to: [is], run: change.notified },
    'route.up': { to: [is], run: change.routeUp },
    'xmpp.down': { to: [is], run: change.xmppDown },
    timer: { to: [is], run: change.due },
  } as const;
}

export const INWARD: Table<Inward> = {
  none: {
    'sip.subscribe': { to: ['pending', 'blocked', 'none'], run: subscribed },
    'xmpp.subscribed': { to: ['active'], run: change.granted },
    'outcome.notify': { to: ['none'], run: change.notified },
  },
  pending: {
    ...watching('pending'),
    'sip.subscribe': { to: ['pending', 'blocked'], run: subscribed },
    'xmpp.subscribed': { to: ['active'], run: change.granted },
    'xmpp.unsubscribed': { to: ['denied'], run: change.refused },
    'xmpp.up': { to: ['pending'], run: change.xmppUpUndecided },
    policy: { to: ['pending', 'blocked', 'denied', 'none'], run: policyChanged },
  },
  active: {
    ...watching('active'),
    'sip.subscribe': { to: ['active', 'blocked'], run: subscribed },
    'xmpp.unsubscribed': { to: ['denied'], run: change.refused },
    'xmpp.available': { to: ['active'], run: change.changed },
    'xmpp.unavailable': { to: ['active'], run: change.changed },
    'xmpp.activity': { to: ['active'], run: change.changed },
    'xmpp.up': { to: ['active'], run: change.xmppUp },
    policy: { to: ['active', 'blocked', 'denied', 'none'], run: policyChanged },
  },
  denied: {
    ...watching('denied'),
    'sip.subscribe': { to: ['denied', 'blocked', 'pending'], run: subscribed },
    'xmpp.subscribe': { to: ['denied', 'none'], run: change.reconsidered },
    'xmpp.subscribed': { to: ['active'], run: change.granted },
    'xmpp.unsubscribed': { to: ['denied'], run: change.refusedAgain },
    'xmpp.up': { to: ['denied'], run: change.xmppUpRefused },
    policy: { to: ['denied', 'blocked', 'pending', 'none'], run: policyChanged },
  },
  blocked: {
    ...watching('blocked'),
    'sip.subscribe': { to: ['blocked', 'pending', 'active', 'denied', 'none'], run: subscribed },
    'xmpp.subscribed': { to: ['blocked'], run: change.grantedUnseen },
    'xmpp.unsubscribed': { to: ['blocked'], run: change.refusedUnseen },
    'xmpp.up': { to: ['blocked'], run: change.xmppUp },
    policy: { to: ['blocked', 'pending', 'active', 'denied', 'none'], run: policyChanged },
  },
};
