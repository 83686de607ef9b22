import type { Anchor } from '@isthmus/anchor';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

type Counts = ReturnType<Anchor['counts']>;

/** The metrics of one anchor (docs/metrics.md lists them). */
export function anchorMetrics(anchor: Pick<Anchor, 'counts' | 'up'>): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({ name, help, registers, collect() { this.set(read()); } });
  };
  const counter = (name: string, help: string, label: string, read: (counts: Counts) => Readonly<Record<string, number>>): void => {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, sum] of Object.entries(read(anchor.counts()))) this.inc({ [label]: value.replace(' ', '_') }, sum);
      },
    });
  };
  gauge('isthmus_anchor_server_up', '1 while the SIP server behind the anchor is connected', () => Number(anchor.up));
  gauge('isthmus_anchor_workers', 'Workers that are connected', () => anchor.counts().workers);
  gauge('isthmus_anchor_workers_ready', 'Workers that take requests', () => anchor.counts().ready);
  gauge('isthmus_anchor_workers_silent', 'Workers that have left requests unanswered and say nothing', () => anchor.counts().silent);
  gauge('isthmus_anchor_requests_in_hand', 'Requests of the SIP side without a final answer', () => anchor.counts().inHand);
  gauge('isthmus_anchor_requests_waiting', 'Of these, requests that no worker can take at present', () => anchor.counts().waiting);
  gauge('isthmus_anchor_requests_late', 'Of those in hand, requests that their worker has not answered within answerSeconds', () => anchor.counts().late);
  gauge('isthmus_anchor_outgoing', 'Requests of workers that wait for an answer', () => anchor.counts().outgoing);
  gauge('isthmus_anchor_pairs', 'Pairs whose worker is remembered', () => anchor.counts().pairs);
  counter('isthmus_anchor_messages_total', 'Messages that were passed on', 'to', ({ toWorkers, toServer }) => ({ worker: toWorkers, server: toServer }));
  counter('isthmus_anchor_moved_total', 'Requests that went from one worker to another, by what the first one had done', 'cause', ({ moved }) => moved);
  counter('isthmus_anchor_refused_total', 'Requests that were answered 503 by the anchor', 'cause', ({ refused }) => refused);
  counter('isthmus_anchor_dropped_total', 'Answers of workers that had lost their turn', 'what', ({ lateAnswers }) => ({ late_answer: lateAnswers }));
  return registry;
}
