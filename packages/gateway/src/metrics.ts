import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** What the gauges read when they are asked. */
export interface Readings {
  readonly pendingEvents: () => number;
  readonly cachedPairs: () => number;
  readonly effectsInFlight: () => number;
  readonly xmppUp: () => boolean;
  readonly sipServersUp: () => number;
  readonly storeUp: () => boolean;
  /** 0 normal, 1 busy, 2 overloaded. */
  readonly load: () => number;
  readonly routesUp: () => ReadonlyMap<string, boolean>;
}

const METHODS = new Set('ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE'.split(' '));

/** A method as a label: within a dialog a peer may send any word, and each new value would be one more series. */
export function methodLabel(method: string): string {
  return METHODS.has(method) ? method : 'other';
}

/** The metrics of one worker (docs/metrics.md lists them). */
export class Metrics {
  readonly registry = new Registry();

  readonly stanzas = this.counter('isthmus_stanzas_total', 'Stanzas that crossed the XMPP link', ['direction', 'kind']);
  readonly requests = this.counter('isthmus_sip_requests_total', 'SIP requests', ['direction', 'method']);
  readonly outcomes = this.counter('isthmus_sip_outcomes_total', 'Final outcomes of our SIP requests', ['method', 'status']);
  readonly messages = this.counter('isthmus_messages_total', 'Text messages by direction and outcome', ['direction', 'outcome']);
  readonly returned = this.counter('isthmus_returned_messages_total', 'Messages of XMPP users that came back as an error, by its condition', ['condition']);
  readonly repeated = this.counter('isthmus_repeated_messages_total', 'Messages sent again because nobody knows whether they had arrived', ['direction']);
  readonly peerRequests = this.counter('isthmus_peer_requests_total', 'SIP requests by the peer that sent them', ['peer', 'entry']);
  readonly refused = this.counter('isthmus_refused_total', 'Stanzas and requests refused', ['side', 'reason']);
  readonly limited = this.counter('isthmus_limited_total', 'What was refused or left out because a limit was reached (docs/limits.md)', ['limit']);
  readonly tlsFailures = this.counter('isthmus_sip_tls_failures_total', 'TLS connections of the embedded SIP server that were not made or refused', ['opened']);
  readonly failovers = this.counter('isthmus_failovers_total', 'Requests that were sent to another next hop, by the route that failed and the reason', ['route', 'why']);
  readonly conflicts = this.counter('isthmus_commit_conflicts_total', 'Commits that another worker was faster with', []);
  readonly due = this.counter('isthmus_due_pairs_total', 'Pairs that were looked after: due and this worker\'s own, overdue with another one, with something that a dead worker left', ['cause']);
  readonly failures = this.counter('isthmus_effect_failures_total', 'Effects that could not be handed over at once', ['effect']);
  readonly ignored = this.counter('isthmus_ignored_events_total', 'Events without a cell in the tables', ['event']);
  readonly putBack = this.counter('isthmus_records_put_back_total', 'Records that the store had lost, at a failover or restart, and this worker still knew', []);
  readonly swept = this.counter('isthmus_recovered_pairs_total', 'Pairs told about a loss or a return', ['cause']);
  readonly verdicts = this.counter('isthmus_policy_verdicts_total', 'What policy said about a SIP watcher, at each SUBSCRIBE', ['verdict']);
  readonly policyChanges = this.counter('isthmus_policy_changes_total', 'Changes of the lists of users', []);
  readonly approvals = this.counter('isthmus_approvals_total', 'Watchers whom policy lets in: approved by the XMPP server, or its user was asked', ['outcome']);
  readonly commands = this.counter('isthmus_commands_total', 'Stages of ad-hoc commands by outcome', ['outcome']);
  readonly answerSeconds = new Histogram({
    name: 'isthmus_sip_answer_seconds',
    help: 'Time from sending a SIP request to its final answer',
    labelNames: ['method'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  });

  constructor(readings: Readings) {
    collectDefaultMetrics({ register: this.registry });
    this.gauge('isthmus_pending_events', 'Events that wait for their turn', readings.pendingEvents);
    this.gauge('isthmus_cached_pairs', 'Records held in memory', readings.cachedPairs);
    this.gauge('isthmus_effects_in_flight', 'Effects started and not done', readings.effectsInFlight);
    this.gauge('isthmus_xmpp_link_up', '1 while the XMPP link is up', () => Number(readings.xmppUp()));
    this.gauge('isthmus_sip_servers_up', 'Connected drachtio servers', readings.sipServersUp);
    this.gauge('isthmus_store_up', '1 while the store can be reached', () => Number(readings.storeUp()));
    this.gauge('isthmus_load', 'How busy the worker is: 0 normal, 1 no new watches are taken, 2 no new sessions and messages either', readings.load);
    new Gauge({
      name: 'isthmus_route_up',
      help: '0 while the next hops of a route are all known to be down',
      labelNames: ['route'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [route, up] of readings.routesUp()) this.set({ route }, Number(up));
      },
    });
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
