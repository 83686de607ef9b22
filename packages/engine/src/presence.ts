import type { Presence } from '@isthmus/model';

/** Would the other side see any difference? */
export function isSamePresence(one: Presence | undefined, other: Presence | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.setting === other.setting &&
    one.note === other.note &&
    one.noteLanguage === other.noteLanguage &&
    one.idleSince === other.idleSince &&
    one.displayName === other.displayName &&
    one.family === other.family
  );
}
