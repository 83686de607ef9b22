import { viaParameter } from './sip-message';
import type { SipMessage } from './sip-message';
import type { Flow } from './sip-sockets';

/** RFC 3261 section 17.1.1.1. */
const T1_MS = 500;
const T2_MS = 4_000;

/** Requests that went out and have no final answer yet, by the branch of their Via. */
export class ClientTransactions {
  private readonly waiting = new Map<string, (outcome: SipMessage | Error) => void>();

  /** Takes an answer that came; those that nobody waits for are dropped. */
  heard(response: SipMessage): void {
    if (response.status >= 200) this.waiting.get(viaParameter(response, 'branch') ?? '')?.(response);
  }

  /** Final answer to a request; over UDP the request is repeated until then (RFC 3261 section 17.1). */
  final(request: SipMessage, flow: Flow, deadlineMs: number): Promise<SipMessage> {
    const branch = viaParameter(request, 'branch') ?? '';
    const bytes = request.encode();
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (outcome: SipMessage | Error): void => {
        clearTimeout(timer);
        clearTimeout(deadline);
        this.waiting.delete(branch);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const late = new Error(`no final answer to ${request.startLine} within ${deadlineMs} ms`);
      const deadline = setTimeout(() => settle(late), deadlineMs);
      this.waiting.set(branch, settle);
      const transmit = (wait: number): void => {
        flow.send(bytes).catch(settle);
        if (flow.transport === 'udp') timer = setTimeout(() => transmit(Math.min(wait * 2, T2_MS)), wait);
      };
      transmit(T1_MS);
    });
  }

  /** Fails all who wait. */
  stop(reason: Error): void {
    for (const settle of [...this.waiting.values()]) settle(reason);
  }
}
