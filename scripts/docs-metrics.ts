import type { Registry } from 'prom-client';
import { anchorMetrics } from '../packages/gateway/src/anchor/metrics';
import { Metrics } from '../packages/gateway/src/metrics';

/** What each label may hold. Every value comes from a closed list, so that the number of series is bounded. */
const LABELS: Readonly<Record<string, string>> = {
  verdict: '`allow` (on the user\'s list), `block`, `auto` (granted for all), `ask`',
  direction: '`in`, `out`; for messages `to-sip`, `to-xmpp`',
  kind: '`message`, `presence`, `iq`',
  method: 'the SIP method; `other` for what is none of the known ones',
  status: 'the final SIP status; 408 also for our own deadline, 503 for a next hop that could not be reached',
  opened: '`by-peer`, `by-us`: who had opened the connection',
  outcome: 'of messages to SIP `taken` from the XMPP user, then `delivered` or `failed`, and `returned` to him; to XMPP `delivered`; of approvals `approved`, `asked`; of commands `executing`, `completed`, `canceled`, `refused`',
  side: '`xmpp`, `sip`: where the refused stanza or request came from',
  condition: 'the condition of the error (RFC 6120 section 8.3.3)',
  reason: 'the condition of the error (RFC 6120 section 8.3.3)',
  limit: 'the rates `sip_peer`, `sip_messages`, `sip_strangers`, `sip_user`, `xmpp_user`, `all`; `busy` and `overloaded`: shed because the worker has too much to do; `watches`, `watchers`, `pending`: subscriptions of an XMPP user; `server_...`: what the embedded SIP server refused or closed (docs/limits.md)',
  effect: 'what could not be handed over, as in the logs',
  event: 'the event, as in the logs',
  cause: '`start`, `connection`, `anchor_lost`, `worker_lost`, `route_down`, `route_up`, `routes_replaced`, `xmpp_down`, `xmpp_up`; of an anchor: the worker was `gone`, `silent`, `late` with one pair; `no_worker`, `too_many` requests, `lost_twice` by workers',
  to: '`worker`, `server`',
  what: '`late_answer`',
  why: '`unreachable`, `silent`, `status_408`, `status_503`',
  route: 'the name of the route in the configuration',
  peer: 'the name of the peer in the configuration; `allow`: `sip.allow` and next hops; `unlisted`: none',
  entry: '`taken`, or refused as `unlisted`, `foreign`, `local`, `inconsistent`; `dialog`: taken, but the dialog that it names is another peer\'s (docs/security.md)',
};

const HEADER = `# Metrics

\`GET /metrics\` on the address of \`http\` in the configuration, in the text format of Prometheus. Besides those below, the
usual metrics of a Node process are there (\`process_*\`, \`nodejs_*\`).

Generated from \`packages/gateway/src/metrics.ts\` by \`node -r ./scripts/register.cjs scripts/docs.ts\`.
`;

const WATCH = `## What to watch

| look at | it means |
|---|---|
| \`isthmus_xmpp_link_up\`, \`isthmus_sip_servers_up\`, \`isthmus_store_up\` at 0 | this worker is not ready; \`/readyz\` and the log say why |
| \`isthmus_route_up\` at 0 | SIP users behind this route go by the next one, or are shown as offline where there is none |
| \`isthmus_failovers_total\` | requests were not taken by the first next hop; with \`silent\` each has cost its sender \`sip.nextHopTimeoutSeconds\` |
| \`isthmus_pending_events\` near \`limits.maxPendingEvents\` | the next events are refused: the store is slow or there are too few workers |
| \`isthmus_limited_total\` | somebody asks for more than the limits allow; docs/limits.md says which setting it is |
| \`isthmus_sip_tls_failures_total\` | a certificate is wrong, missing or expired, there or here; the log says whose (\`tls_refused\`, \`tls_failed\`) |
| \`isthmus_load\` above 0 | the worker has too much to do and takes no new work: more workers, or find who asks for so much |
| \`isthmus_sip_outcomes_total\` with status 408 and 503 | the SIP side does not answer or cannot be reached |
| \`isthmus_effect_failures_total\` | stanzas wait for the XMPP link, or outcomes for the store |
| \`isthmus_commit_conflicts_total\` rising with the load | the two sides of pairs do not meet in one worker |
`;

const DEFAULTS = /^(process|nodejs)_/;

interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** Our own metrics, in the order of the registry. */
export function metrics(): readonly Described[] {
  const zero = () => 0;
  const no = () => false;
  const readings = { pendingEvents: zero, cachedPairs: zero, effectsInFlight: zero, load: zero, xmppUp: no, sipServersUp: zero, storeUp: no };
  const { registry } = new Metrics({ ...readings, routesUp: () => new Map() });
  return described(registry).filter(({ name }) => !DEFAULTS.test(name));
}

/** Those of an anchor. */
export function metricsOfAnchor(): readonly Described[] {
  const counts = () => {
    throw new Error('nobody asks for values here');
  };
  return described(anchorMetrics({ up: false, counts })).filter(({ name }) => !DEFAULTS.test(name));
}

/** docs/metrics.md. */
export function writeMetricsPage(): string {
  const all = metrics();
  const ofAnchor = metricsOfAnchor();
  const used = [...new Set([...all, ...ofAnchor].flatMap(({ labelNames }) => labelNames))];
  const labels = used.map((name) => `| \`${name}\` | ${labelOf(name)} |`);
  return `${HEADER}\n${tableOf(all)}\n## Of an anchor\n\n\`isthmus anchor\` has a page of its own, by default at port 9471 (docs/anchor.md).\n\n${tableOf(ofAnchor)}\n## Labels\n\n| label | values |\n|---|---|\n${labels.join('\n')}\n\n${WATCH}`;
}

function tableOf(list: readonly Described[]): string {
  const rows = list.map(({ name, type, labelNames, help }) => `| \`${name}\` | ${type} | ${labelNames.map(code).join(', ')} | ${help} |`);
  return `| metric | type | labels | |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function described(registry: Registry): readonly Described[] {
  return registry.getMetricsAsArray() as unknown as readonly Described[];
}

function labelOf(name: string): string {
  const text = LABELS[name];
  if (text === undefined) throw new Error(`the label "${name}" is not described in scripts/docs-metrics.ts`);
  return text;
}

function code(name: string): string {
  return `\`${name}\``;
}
