import { PARTS } from './measured';
import type { Assumptions } from './assumptions';
import type { Sizing } from './arithmetic';

/** A row: what it is, and its value for each number of users. */
export type Row = readonly [what: string, ...values: string[]];

const GB = 1e9;
const MB = 1e6;

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const some = (value: number): string => (value >= 10 ? whole(value) : value.toPrecision(2));
const cores = (value: number): string => (value < 0.01 ? 'under 0.01' : value >= 10 ? whole(value) : value.toFixed(2));

/** What so many users do, and what that needs. */
export function rowsOf(all: readonly Sizing[], given: Assumptions): readonly Row[] {
  const row = (what: string, value: (one: Sizing) => string): Row => [what, ...all.map(value)];
  return [
    row('SIP users whom XMPP users watch', ({ outward }) => whole(outward)),
    row('XMPP users whom SIP users watch', ({ inward }) => whole(inward)),
    row('busy hour: texts across, per second', ({ busyHour }) => some(busyHour.text)),
    row('busy hour: signs of typing, per second', ({ busyHour }) => some(busyHour.typing)),
    row('busy hour: changes of presence told, per second', ({ busyHour }) => some(busyHour.outwardChange + busyHour.inwardChange)),
    row('all day: refreshes, per second', ({ busyHour }) => some(busyHour.outwardRefresh + busyHour.inwardRefresh)),
    row('morning: watches that begin, per second', ({ morning }) => some(morning.outwardSetUp + morning.inwardSetUp)),
    ...PARTS.map((part) => row(`${part}: cores busy, in the worse of the two`, (one) => cores(one.cores[part]))),
    row('which is worse', ({ worse }) => worse),
    row(`**workers**, ${given.spare} of them to spare`, ({ workers }) => whole(workers)),
    row('memory of each', ({ workerBytes }) => `${whole(workerBytes / MB)} MB`),
    row('`limits.maxCachedPairs` of each, at least', ({ cachedPairs }) => whole(cachedPairs)),
    row(`**SIP servers** (drachtio, each with its anchor), ${given.spare} of them to spare`, ({ sipServers }) => whole(sipServers)),
    row('**Redis servers**, each with a replica', ({ shards }) => (shards === 1 ? '1' : `${shards}, as a cluster`)),
    row('memory of the records, of users who are offline too', ({ redisBytes }) => `${(redisBytes / GB).toPrecision(2)} GB`),
    row('**XMPP server**', ({ oneXmppServer }) => (oneXmppServer ? 'one Prosody' : 'more than one Prosody carries')),
    row('the dialogs of all watches lost: opened again by all workers within', ({ reopenSeconds }) => `${some(reopenSeconds)} s`),
  ];
}

/** How many users one of each part carries, the least first: what comes first is the limit. */
export function limitsOf(one: Sizing, given: Assumptions): readonly (readonly [part: string, users: number])[] {
  return PARTS.map((part) => [part, (one.users * given.utilisation) / one.cores[part]] as const).sort(([, a], [, b]) => a - b);
}
