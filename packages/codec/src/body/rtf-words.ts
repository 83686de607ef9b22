/** The words of RTF text that count (Rich Text Format Specification 1.9.1). */

/** Words and symbols that stand for text. */
export const TEXT_OF_WORD: ReadonlyMap<string, string> = new Map([
  ...['par', 'line', 'sect', 'page', 'row', '\r', '\n'].map((name) => [name, '\n'] as const),
  ...['tab', 'cell', '\t'].map((name) => [name, '\t'] as const),
  ...['emspace', 'enspace', 'qmspace', '~'].map((name) => [name, ' '] as const),
  ['emdash', '\u2014'],
  ['endash', '\u2013'],
  ['bullet', '\u2022'],
  ['lquote', '\u2018'],
  ['rquote', '\u2019'],
  ['ldblquote', '\u201c'],
  ['rdblquote', '\u201d'],
  ['_', '-'],
  ['\\', '\\'],
  ['{', '{'],
  ['}', '}'],
]);

/** Destinations whose text is no text of the document, besides all those behind `\*`. */
export const DROPPED_DESTINATIONS: ReadonlySet<string> = new Set(
  'colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf footnote annotation xe tc rxe filetbl nonshppict'.split(
    ' ',
  ),
);
