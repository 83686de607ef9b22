import type { Trial } from './run';

const NAME = 34;
const DIRECTIONS = ['to SIP', 'to XMPP'] as const;
const MARGIN = 2;

interface Column {
  readonly heading: string;
  readonly cell: (trial: Trial, direction: (typeof DIRECTIONS)[number]) => string;
}

const COLUMNS: readonly Column[] = [
  { heading: 'sent', cell: ({ texts }, direction) => `${texts[direction].sent}` },
  { heading: 'delivered', cell: ({ texts }, direction) => `${texts[direction].delivered}` },
  { heading: 'returned', cell: ({ texts }, direction) => `${texts[direction].returned}` },
  { heading: 'both', cell: ({ texts }, direction) => `${texts[direction].misreported}` },
  { heading: 'doubled', cell: ({ texts }, direction) => `${texts[direction].doubled}` },
  { heading: 'disorder', cell: ({ texts }, direction) => `${texts[direction].outOfOrder}` },
  { heading: 'held', cell: ({ texts }, direction) => `${texts[direction].inSocket}` },
  { heading: 'lost', cell: ({ texts }, direction) => `${texts[direction].lost}` },
  { heading: 'wrong', cell: ({ presence }, direction) => `${presence[direction].wrong}` },
  { heading: 'right s', cell: ({ presence }, direction) => (presence[direction].rightAfterMs === undefined ? 'never' : ((presence[direction].rightAfterMs ?? 0) / 1_000).toFixed(1)) },
  { heading: 'typing stuck', cell: ({ typing }, direction) => (direction === 'to SIP' ? `${typing.stuck.length}` : '') },
  { heading: '481', cell: ({ lostDialogs }, direction) => (direction === 'to SIP' ? `${lostDialogs}` : '') },
];

export const nameOf = ({ faults }: Pick<Trial, 'faults'>): string => faults.map(({ name }) => name).join(' + ');

export function heading(): string {
  return `${'fault'.padEnd(NAME)}${'direction'.padEnd(9)}${COLUMNS.map(({ heading: text }) => ' '.repeat(MARGIN) + text).join('')}\n`;
}

/** Two rows: what went to SIP users, and what went to XMPP users. */
export function rows(trial: Trial): string {
  return DIRECTIONS.map((direction, index) => {
    const name = index === 0 ? nameOf(trial) : '';
    const cells = COLUMNS.map(({ heading: text, cell }) => ' '.repeat(MARGIN) + cell(trial, direction).padStart(text.length));
    return `${name.padEnd(NAME)}${direction.padEnd(9)}${cells.join('')}\n`;
  }).join('');
}
