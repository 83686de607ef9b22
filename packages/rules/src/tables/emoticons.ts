/**
 * Text codes of emoticons. Microsoft's clients send the code as text and draw it (Communicator, Lync and Skype for Business;
 * option "Show emoticons in messages", blogs.technet.microsoft.com/csps, 15 June 2011, which names `8-|` the nerd). The
 * codes are those of MSN Messenger, which those clients took over; Microsoft has published no full list of Lync's.
 */

export interface EmoticonRow {
  /** Towards SIP. */
  readonly code: string;
  /** Other ways to type it, read too. */
  readonly also: readonly string[];
  readonly emoji: string;
  /** `no`: the code alone may well be meant as it stands, so it is not read. */
  readonly read: 'yes' | 'no';
  readonly unspecified?: string;
}

const LIST = 'may be a place in a list, or a sign';

export const EMOTICONS = [
  { code: ':)', also: [':-)'], emoji: '🙂', read: 'yes' },
  { code: ':D', also: [':-D', ':d', ':-d'], emoji: '😃', read: 'yes' },
  { code: ';)', also: [';-)'], emoji: '😉', read: 'yes' },
  { code: ':(', also: [':-('], emoji: '🙁', read: 'yes' },
  { code: ':P', also: [':-P', ':p', ':-p'], emoji: '😛', read: 'yes' },
  { code: ':O', also: [':-O', ':o', ':-o'], emoji: '😮', read: 'yes' },
  { code: ':S', also: [':-S', ':s', ':-s'], emoji: '😕', read: 'yes' },
  { code: ':@', also: [':-@'], emoji: '😠', read: 'yes' },
  { code: ':|', also: [':-|'], emoji: '😐', read: 'yes' },
  { code: ':$', also: [':-$'], emoji: '😳', read: 'yes' },
  { code: ":'(", also: [], emoji: '😢', read: 'yes' },
  { code: '8-|', also: [], emoji: '🤓', read: 'yes' },
  { code: ':-#', also: [], emoji: '🤐', read: 'yes' },
  { code: '^o)', also: [], emoji: '🤨', read: 'yes', unspecified: 'the picture is called sarcastic' },
  { code: '*-)', also: [], emoji: '🤔', read: 'yes' },
  { code: '+o(', also: [], emoji: '🤒', read: 'yes' },
  { code: '(H)', also: ['(h)'], emoji: '😎', read: 'yes' },
  { code: '(Y)', also: ['(y)'], emoji: '👍', read: 'yes' },
  { code: '(N)', also: ['(n)'], emoji: '👎', read: 'yes' },
  { code: '(L)', also: ['(l)'], emoji: '❤️', read: 'yes' },
  { code: '(U)', also: ['(u)'], emoji: '💔', read: 'yes' },
  { code: '(K)', also: ['(k)'], emoji: '💋', read: 'yes' },
  { code: '(F)', also: ['(f)'], emoji: '🌹', read: 'yes' },
  { code: '(*)', also: [], emoji: '⭐', read: 'yes' },
  { code: '(@)', also: [], emoji: '🐱', read: 'yes' },
  { code: '(&)', also: [], emoji: '🐶', read: 'yes' },
  { code: '(A)', also: [], emoji: '😇', read: 'no', unspecified: LIST },
  { code: '(B)', also: [], emoji: '🍺', read: 'no', unspecified: LIST },
  { code: '(C)', also: [], emoji: '☕', read: 'no', unspecified: LIST },
  { code: '(D)', also: [], emoji: '🍸', read: 'no', unspecified: LIST },
  { code: '(I)', also: [], emoji: '💡', read: 'no', unspecified: LIST },
  { code: '(S)', also: [], emoji: '🌙', read: 'no', unspecified: LIST },
  { code: '(T)', also: [], emoji: '☎️', read: 'no', unspecified: LIST },
  { code: '(X)', also: [], emoji: '👧', read: 'no', unspecified: LIST },
  { code: '(Z)', also: [], emoji: '👦', read: 'no', unspecified: LIST },
  { code: '(6)', also: [], emoji: '😈', read: 'no', unspecified: LIST },
  { code: '(8)', also: [], emoji: '🎵', read: 'no', unspecified: LIST },
] as const satisfies readonly EmoticonRow[];
