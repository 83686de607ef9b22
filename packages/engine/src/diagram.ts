import { BREAKER } from './breaker';
import { CONVERSATION } from './conversation/table';
import { INWARD } from './inward/table';
import { draw } from './machine';
import { OUTWARD } from './outward/table';

export type MachineName = 'conversation' | 'outward' | 'inward';

/** The machines of a pair as Mermaid state diagrams, drawn from their tables: docs/states. */
export function diagrams(): Readonly<Record<MachineName, string>> {
  return {
    conversation: draw(CONVERSATION, 'none'),
    outward: draw(OUTWARD, 'idle'),
    inward: draw(INWARD, 'none'),
  };
}

/** The machine of a next hop. */
export function breakerDiagram(): string {
  return draw(BREAKER, 'closed');
}
