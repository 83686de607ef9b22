import type { Table } from '../machine';
import { notified } from './notify';
import { ended, opened, refreshed } from './outcome';
import * as system from './system';
import * as wish from './wish';
import type { Outward } from './state';

const ENDED_BY_NOTIFY = ['idle', 'waiting', 'subscribing'] as const;

export const OUTWARD: Table<Outward> = {
  idle: {
    'xmpp.subscribe': { to: ['subscribing'], run: wish.ask },
    'xmpp.unsubscribe': { to: ['idle'], run: wish.withdrawUnwatched },
    'xmpp.probe': { to: ['subscribing'], run: wish.probeUnwatched },
    'xmpp.available': { to: ['subscribing', 'idle'], run: wish.userOnline },
    'route.down': { to: ['idle'], run: system.stillDown },
    'xmpp.up': { to: ['idle'], run: system.xmppUp },
  },
  subscribing: {
    'xmpp.subscribe': { to: ['subscribing'], run: wish.askAgain },
    'xmpp.unsubscribe': { to: ['subscribing'], run: wish.withdrawLater },
    'xmpp.probe': { to: ['subscribing'], run: wish.probeWatched },
    'xmpp.available': { to: ['subscribing'], run: wish.userStillOnline },
    'xmpp.unavailable': { to: ['subscribing'], run: wish.userGoneLater },
    'sip.notify': { to: ['subscribing', 'idle', 'waiting'], run: notified },
    'outcome.subscribe': { to: ['watching', 'ending', 'waiting', 'subscribing', 'idle'], run: opened },
    'route.down': { to: ['waiting', 'idle'], run: system.routeDown },
    'xmpp.up': { to: ['subscribing'], run: system.xmppUp },
  },
  watching: {
    'xmpp.subscribe': { to: ['watching'], run: wish.askAgain },
    'xmpp.unsubscribe': { to: ['ending'], run: wish.withdrawUp },
    'xmpp.probe': { to: ['watching'], run: wish.probeWatched },
    'xmpp.available': { to: ['watching'], run: wish.userStillOnline },
    'xmpp.unavailable': { to: ['ending', 'checking', 'watching'], run: wish.userGone },
    'sip.notify': { to: ['watching', ...ENDED_BY_NOTIFY], run: notified },
    'route.down': { to: ['waiting'], run: system.routeDown },
    'route.up': { to: ['subscribing', 'watching'], run: system.reachable },
    'owner.gone': { to: ['subscribing', 'watching'], run: system.ownerGone },
    'xmpp.up': { to: ['watching'], run: system.xmppUp },
    timer: { to: ['checking', 'waiting', 'watching'], run: system.watchingDue },
  },
  checking: {
    'xmpp.subscribe': { to: ['checking'], run: wish.askAgain },
    'xmpp.unsubscribe': { to: ['ending'], run: wish.withdrawUp },
    'xmpp.probe': { to: ['refreshing', 'watching', 'subscribing'], run: wish.probeChecked },
    'xmpp.available': { to: ['refreshing', 'watching', 'subscribing'], run: wish.onlineChecked },
    'xmpp.unavailable': { to: ['ending', 'checking'], run: wish.userGone },
    'xmpp.account': { to: ['refreshing', 'watching', 'ending', 'subscribing'], run: wish.accountTold },
    'sip.notify': { to: ['checking', ...ENDED_BY_NOTIFY], run: notified },
    'route.down': { to: ['waiting'], run: system.routeDown },
    'route.up': { to: ['subscribing', 'checking'], run: system.reachable },
    'owner.gone': { to: ['subscribing', 'checking'], run: system.ownerGone },
    'xmpp.up': { to: ['checking'], run: system.xmppUp },
    timer: { to: ['refreshing', 'watching', 'waiting', 'subscribing', 'checking'], run: system.checkingDue },
  },
  refreshing: {
    'xmpp.subscribe': { to: ['refreshing'], run: wish.askAgain },
    'xmpp.unsubscribe': { to: ['refreshing'], run: wish.withdrawLater },
    'xmpp.probe': { to: ['refreshing'], run: wish.probeWatched },
    'xmpp.available': { to: ['refreshing'], run: wish.userStillOnline },
    'xmpp.unavailable': { to: ['refreshing'], run: wish.userGoneLater },
    'sip.notify': { to: ['refreshing', ...ENDED_BY_NOTIFY], run: notified },
    'outcome.subscribe': { to: ['watching', 'refreshing', 'subscribing', 'waiting', 'ending', 'idle'], run: refreshed },
    'route.down': { to: ['waiting', 'idle'], run: system.routeDown },
    'route.up': { to: ['subscribing', 'refreshing', 'idle'], run: system.reachable },
    'owner.gone': { to: ['subscribing', 'refreshing', 'idle'], run: system.ownerGone },
    'xmpp.up': { to: ['refreshing'], run: system.xmppUp },
  },
  ending: {
    'xmpp.subscribe': { to: ['subscribing'], run: wish.ask },
    'xmpp.unsubscribe': { to: ['ending'], run: wish.withdrawLater },
    'xmpp.probe': { to: ['subscribing'], run: wish.probeUnwatched },
    'xmpp.available': { to: ['subscribing', 'ending'], run: wish.userOnline },
    'sip.notify': { to: ['ending', 'idle'], run: notified },
    'outcome.subscribe': { to: ['ending', 'idle'], run: ended },
    timer: { to: ['idle', 'ending'], run: system.endingDue },
  },
  waiting: {
    'xmpp.subscribe': { to: ['subscribing'], run: wish.ask },
    'xmpp.unsubscribe': { to: ['idle'], run: wish.withdrawUnwatched },
    'xmpp.probe': { to: ['waiting'], run: wish.probeWatched },
    'xmpp.available': { to: ['waiting'], run: wish.userStillOnline },
    'xmpp.unavailable': { to: ['idle', 'waiting'], run: wish.userGoneUnwatched },
    'route.down': { to: ['waiting'], run: system.stillDown },
    'route.up': { to: ['subscribing'], run: system.routeUp },
    'xmpp.up': { to: ['waiting'], run: system.xmppUp },
    timer: { to: ['subscribing', 'waiting'], run: system.waitingDue },
  },
};
