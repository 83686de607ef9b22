import { documentFor, DOCUMENTS_OF_VARIANT } from '@isthmus/rules';

const CATEGORIES = 'application/msrtc-event-categories+xml';
const MSRTC = 'text/xml+msrtc.pidf';
const PIDF = 'application/pidf+xml';
const XPIDF = 'application/xpidf+xml';
/** As a real client sends it (microsoft-observed B). */
const CLIENT = [CATEGORIES, MSRTC, XPIDF, PIDF, 'application/rlmi+xml', 'multipart/related'];
const LCS = [XPIDF, MSRTC, PIDF];

describe('the document for a Microsoft client: the richest that its Accept names, up to what the route says', () => {
  test.each([
    [CLIENT, 'categories', CATEGORIES],
    [CLIENT, 'msrtc', MSRTC],
    [CLIENT, 'pidf', PIDF],
    [LCS, 'categories', MSRTC],
    [LCS, 'msrtc', MSRTC],
    [LCS, 'pidf', PIDF],
    [[PIDF], 'categories', PIDF],
    [[XPIDF], 'categories', XPIDF],
    [[XPIDF], 'pidf', XPIDF],
    [[CATEGORIES], 'pidf', CATEGORIES],
    [[MSRTC, CATEGORIES], 'pidf', MSRTC],
    [[CATEGORIES], 'msrtc', CATEGORIES],
    [['*/*'], 'categories', PIDF],
    [['application/*'], 'categories', PIDF],
    [['text/*'], 'categories', MSRTC],
    [[], 'categories', PIDF],
    [['text/plain'], 'categories', PIDF],
  ] as const)('%j with %s: %s', (accept, documents, type) => {
    expect(documentFor({ accept, dialect: 'microsoft', documents })).toBe(type);
  });
});

test('PRES-20: a standard watcher that accepts nothing of ours gets none, and 406', () => {
  const to = (...accept: string[]) => documentFor({ accept, dialect: 'simple', documents: 'pidf' });
  expect([to(), to(PIDF, XPIDF), to('*/*'), to(XPIDF), to('text/plain'), to('text/*')]).toEqual([PIDF, PIDF, PIDF, XPIDF, undefined, MSRTC]);
});

test('the default of a route is what the clients of its server call their own', () => {
  expect(DOCUMENTS_OF_VARIANT).toEqual({ lcs: 'msrtc', ocs: 'categories', lync: 'categories' });
});
