import type { Family } from '@isthmus/model';
import { firstMatch } from './first-match';
import type { Tables } from './overrides';
import { CLIENT_FAMILIES, type FamilyRow } from './tables/client-families';

/** The family of a client by the node of its entity capabilities; without a node it is third-party. */
export function familyOf(capsNode: string | undefined, tables: Tables = {}): Family {
  const node = capsNode?.toLowerCase() ?? '';
  const rows: readonly FamilyRow[] = [...(tables.clientFamilies ?? []), ...CLIENT_FAMILIES];
  return firstMatch<FamilyRow, Family>(rows, (row) => fits(node, row.capsNode.toLowerCase()), (row) => row.family, 'third-party');
}

/** Does the text fit the pattern, in which `*` stands for any text? Each part is looked for once: no pattern makes it slow. */
function fits(text: string, pattern: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
