import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..', '..', '..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vectors-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A file with this content. */
function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Runs the program from the sources, as `npm run vectors` does. */
function run(...files: string[]): { status: number | null; stdout: string[]; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', join(ROOT, 'scripts', 'register.cjs'), join(ROOT, 'scripts', 'vectors.ts'), ...files],
    { cwd: folder, encoding: 'utf8', timeout: 25_000 },
  );
  return { status, stdout: stdout.split('\n').slice(0, -1), stderr };
}

const GOOD = {
  meta: { title: 'not a kind' },
  address: [
    { id: 'A1', dir: 's2x', in: 'sip:f%C3%BC@sip.example', out: 'fü@sip.example' },
    { id: 'A2', dir: 'x2s', in: 'baz@xmpp.example/qux', out: 'sip:baz@xmpp.example;gr=qux' },
    { id: 'A3', dir: 's2x', in: 'sip:%FF@x.example', error: true },
    { id: 'A4', dir: 'x2s', in: 'example.com', error: true, why: 'no localpart' },
  ],
  errors: {
    x2s: [
      { cond: 'forbidden', type: 'auth', legacyCode: 403, sip: [403, 603], rule: 'full 4xx, bare 6xx' },
      { cond: 'feature-not-implemented', type: 'cancel|modify', legacyCode: 501, sip: [405, 501], rule: 'full JID 405, bare JID 501' },
      { cond: 'gone', type: 'cancel', legacyCode: 302, sip: [301, 410], rule: 'with address 301 MUST, without 410 MUST' },
      { cond: 'policy-violation', type: 'modify|wait', legacyCode: null, sip: [403], rule: '' },
      { cond: 'remote-server-not-found', type: 'cancel', sip: [404, 408], rule: 'does not exist 404, cannot be resolved 408' },
    ],
    s2x: [{ sip: 486, cond: 'recipient-unavailable', type: 'wait' }, { sip: 180, cond: null }],
    s2xDefault: { '3xx': 'redirect', '4xx': 'bad-request' },
    s2xDefaultCases: [{ sip: 599, cond: 'internal-server-error', type: 'any' }],
  },
  im: { page: [{ id: 'I1' }, { id: 'I2' }] },
  chat: [{ id: 'C1' }],
};

describe('npm run vectors', () => {
  test('counts what passed, and skips the kinds it does not cover', () => {
    expect(run(file('good.json', GOOD))).toEqual({ status: 0, stdout: ['14 passed, 0 failed, 3 skipped'], stderr: '' });
  });

  test('adds the files up', () => {
    const good = file('good.json', GOOD);
    expect(run(good, good).stdout).toEqual(['28 passed, 0 failed, 6 skipped']);
  });

  test('tells each case that fails, and ends with 1', () => {
    const bad = file('bad.json', {
      address: [
        { id: 'A1', dir: 's2x', in: 'sip:a@b.example', out: 'x@b.example' },
        { id: 'A2', dir: 's2x', in: 'sip:a@b.example', error: true },
        { id: 'A3', dir: 'x2s', in: 'b.example', out: 'sip:b.example' },
        { id: 'A4', dir: 'sideways', in: 'a', out: 'b' },
        'no case',
      ],
      errors: {
        x2s: [
          { cond: 'forbidden', sip: [403] },
          { cond: 'forbidden', sip: [403, 603], rule: 'full 6xx, bare 4xx' },
          { cond: 'forbidden', type: 'cancel', legacyCode: 404, sip: [403, 603] },
          { cond: 'forbearing', sip: [403] },
          7,
        ],
        s2x: [{ sip: 486, cond: 'gone' }, { sip: 486, cond: 'recipient-unavailable', type: 'cancel' }, { cond: 'gone' }],
        s2xDefault: { '4xx': 'gone', some: 'gone' },
      },
    });
    const { status, stdout } = run(bad);
    expect(status).toBe(1);
    expect(stdout).toHaveLength(16);
    expect(stdout[0]).toBe(`${bad}: address: A1 s2x: "sip:a@b.example" gives "a@b.example", expected "x@b.example"`);
    expect(stdout[5]).toContain('gives 603, allowed are [403]');
    expect(stdout.at(-1)).toBe('0 passed, 15 failed, 0 skipped');
  });

  test('presence, messages and chat states: what is data is compared, what is in words is played by its id', () => {
    const reason = (name: string, action: string, xmpp: string): unknown => ({ reason: name, action, xmpp });
    const good = file('watching.json', {
      presence: {
        map: { typeToBasic: { '(absent)': 'open', unavailable: 'closed' }, basicToType: { open: '(absent)', closed: 'unavailable' } },
        priority: [{ xmpp: 127, pidf: '1.000' }],
        notMapped: [{ xmpp: -1, pidf: null }],
        terminatedReasons: [
          reason('deactivated', 'resubscribe at once', 'nothing'),
          reason('probation', 'retry after retry-after', 'unavailable if it lasts'),
          reason('rejected', 'do not resubscribe', 'unsubscribed'),
          reason('invariant', 'do not resubscribe', 'keep last state'),
        ],
        dialogue: [{ id: 'P03' }, { id: 'P19' }, { id: 'P99' }],
      },
      im: { page: [{ id: 'M02' }, { id: 'M07' }, { id: 'M09' }] },
      chat: [{ id: 'C08' }],
      chatStates: { isComposingToChatState: { active: 'composing' }, chatStateToIsComposing: { gone: null }, cases: [{ id: 'S05' }] },
    });
    expect(run(good)).toEqual({ status: 0, stdout: ['19 passed, 0 failed, 1 skipped'], stderr: '' });
    const bad = file('wrong.json', {
      presence: {
        map: { typeToBasic: { unavailable: 'open' } },
        priority: [{ xmpp: 127, pidf: '0.992' }, { xmpp: 1 }],
        terminatedReasons: [
          reason('deactivated', 'do not resubscribe', 'nothing'),
          reason('rejected', 'resubscribe at once', 'nothing'),
          reason('timeout', 'think', 'nothing'),
          reason('timeout', 'may resubscribe at once', 'applause'),
        ],
      },
      chatStates: { isComposingToChatState: { active: 'active' }, chatStateToIsComposing: { paused: 'active' }, timers: { receiverTimeoutWithoutRefresh: 60 } },
    });
    expect(run(bad)).toMatchObject({ status: 1 });
    expect(run(bad).stdout.at(-1)).toBe('0 passed, 10 failed, 0 skipped');
  });

  test('a file without covered kinds has nothing that fails', () => {
    expect(run(file('other.json', { groupchat: [1, 2], presence: { later: [{}] }, errors: { later: [{}] } }))).toMatchObject({
      status: 0,
      stdout: ['0 passed, 0 failed, 4 skipped'],
    });
  });

  test.each([
    ['missing.json', undefined],
    ['broken.json', '{"address": ['],
    ['list.json', []],
  ])('%s: one clear message, and 2', (name, content) => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    const { status, stdout, stderr } = run(file('good.json', GOOD), path);
    expect({ status, stdout }).toEqual({ status: 2, stdout: [] });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`cannot read ${path}`);
  });

  test('no file at all: the usage, and 2', () => {
    expect(run()).toMatchObject({ status: 2, stdout: [], stderr: expect.stringContaining('usage') });
  });
});
