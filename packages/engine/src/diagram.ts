import { CONVERSATION } from './conversation/table';
import { INWARD } from './inward/table';
import { draw } from './machine';
import { OUTWARD } from './outward/table';

export type MachineName = 'conversation' | 'outward' | 'inward';

/** The three machines as Mermaid state diagrams, drawn from their tables: docs/states. */
export function diagrams(): Readonly<Record<MachineName, string>> {
  return {
    conversation: draw(CONVERSATION, 'none'),
    outward: draw(OUTWARD, 'idle'),
    inward: draw(INWARD, 'none'),
  };
}
