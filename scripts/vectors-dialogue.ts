/** The dialogues of kind `presence`: what RFC 8048 and RFC 6665 show, played on the machines, by the id of the case. */

import { readRequest } from '@isthmus/codec';
import type { Effect } from '../packages/engine/src';
import { requestIn } from '../packages/codec/test/support/sip-text';
import { refOf, resource, theirDialog } from '../packages/engine/test/support/pair';
import { type Case, type Outcome, outcomeOf, show } from './vectors-format';
import { asked, newPlay, notifies, OPEN, watched, watching } from './vectors-watching';

const READ = { at: 0, trace: 't', newTag: () => 'ours', maxTextBytes: 10_000, session: { host: 'localhost', port: 5060 }, variant: 'lync' } as const;

/** What was done, in short words: a request by its method and substate, an answer by its status, a stanza by its type. */
function words(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) => {
    switch (effect.do) {
      case 'sip.answer':
        return [String(effect.status)];
      case 'sip.notify':
        return [['NOTIFY', effect.substate, effect.reason, document(effect)].filter((part) => part !== undefined).join(' ')];
      case 'sip.subscribe':
        return [`SUBSCRIBE ${effect.expiresSeconds > 0 ? 'on' : 'off'}`];
      case 'xmpp.presence':
        return [`presence ${effect.presence.setting === 'offline' ? 'unavailable' : 'available'}`];
      default:
        return effect.do.startsWith('xmpp.') ? [effect.do.replace('xmpp.', 'presence ')] : [];
    }
  });
}

function document({ presence }: Extract<Effect, { do: 'sip.notify' }>): string {
  if (presence === undefined) return 'empty';
  return presence.setting === 'offline' ? 'closed' : 'open';
}

function packageOf(event: string): readonly string[] {
  const reading = readRequest(
    requestIn(`SUBSCRIBE sip:ann@example.com SIP/2.0\nFrom: <sip:bob@example.com>;tag=t\nTo: <sip:ann@example.com>\nCall-ID: c\nCSeq: 1 SUBSCRIBE\nContact: <sip:bob@192.0.2.7>\nEvent: ${event}`),
    READ,
  );
  return reading.is === 'refuse' || reading.is === 'answer' ? [String(reading.answer.status)] : ['taken'];
}

/** What happens in each, and what must: the words of the case's `then`, made checkable. */
const PLAYS: Readonly<Record<string, readonly [play: () => readonly string[], expected: readonly string[]]>> = {
  P03: [() => words(notifies(asked(), { presence: OPEN })), ['200', 'presence subscribed', 'presence available']],
  P05: [
    () => {
      const play = newPlay();
      play.on('xmpp.subscribe');
      return [...words(play.answer('sip.subscribe', 403)), play.record.outward.authorisation];
    },
    ['presence unsubscribed', 'none'],
  ],
  P07: [
    () => {
      const play = watching();
      play.on('xmpp.subscribed');
      play.on('xmpp.unavailable');
      play.answer('sip.subscribe', 200);
      notifies(play, { substate: 'terminated', reason: 'timeout' });
      return words(play.on('xmpp.available', { presence: resource('desk') }));
    },
    ['SUBSCRIBE on'],
  ],
  P09: [
    () => {
      const play = watching();
      play.on('xmpp.unsubscribe');
      play.answer('sip.subscribe', 200);
      return words(notifies(play, { substate: 'terminated', reason: 'timeout' }));
    },
    ['200'],
  ],
  P11: [() => words(newPlay().subscribes('phone')), ['200', 'NOTIFY pending empty', 'presence subscribe']],
  P15: [() => words(watched(true).refreshes('phone', 2, { expires: 0 })), ['200', 'NOTIFY terminated timeout closed', 'presence unavailable']],
  P16: [
    () => {
      const [notify] = watched(true).on('xmpp.available', { presence: resource('yn0cl4bnw0yr3vym', { show: 'away' }) });
      if (notify?.do !== 'sip.notify') return [];
      return [...words([notify]), ...(notify.tuples ?? []).map((tuple) => `${tuple.resource} ${tuple.presence.setting}`)];
    },
    ['NOTIFY active open', 'yn0cl4bnw0yr3vym away'],
  ],
  P17: [() => words(notifies(watching(), { presence: { setting: 'offline' } })), ['200', 'presence unavailable']],
  P19: [
    () => {
      const play = newPlay();
      play.on('xmpp.subscribed');
      const first = play.subscribes('phone', { expires: 0 });
      return [...words(first), ...words(play.pass(10))];
    },
    ['200', 'presence probe', 'NOTIFY terminated timeout closed'],
  ],
  P20: [
    () => {
      const play = watched(false);
      play.on('xmpp.unsubscribed');
      play.drainNotifies();
      return words(play.subscribes('desk'));
    },
    ['200', 'NOTIFY active closed'],
  ],
  P21: [() => words(newPlay().subscribes('phone', { expires: 30 })), ['423']],
  P22: [() => packageOf('foo'), ['489']],
  P24: [() => words(newPlay().request('sip.notify', { ref: refOf(theirDialog('stranger'), 1), substate: 'active' })), ['481']],
  P25: [
    () => {
      const play = asked();
      return [...words(play.pass(32)), play.record.outward.is];
    },
    ['SUBSCRIBE off', 'waiting'],
  ],
};

/** A case without a play is skipped: P13 (polite block in place of `rejected`, PRES-25), P18 (a probe opens a watch, PRES-7). */
export function checkDialogue({ id }: Case): Outcome {
  const name = `dialogue ${show(id)}`;
  const known = typeof id === 'string' ? PLAYS[id] : undefined;
  if (known === undefined) return { name, result: 'skipped' };
  const [play, expected] = known;
  const actual = play();
  return outcomeOf(name, show(actual) === show(expected) ? [] : [`does ${show(actual)}, expected ${show(expected)}`]);
}
