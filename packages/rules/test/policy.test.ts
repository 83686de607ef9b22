import type { BareJid, PolicyLists } from '@isthmus/model';
import { covers, verdictOf, type Verdict } from '@isthmus/rules';

const BOB = 'bob@example.com' as BareJid;
const lists = (over: Partial<PolicyLists> = {}): PolicyLists => ({ allow: [], block: [], ...over });
const allow = lists({ allow: [BOB] });
const block = lists({ block: [BOB] });
const auto = lists({ autoAuthorize: true });
const manual = lists({ autoAuthorize: false });

describe('manual, Availability Subscriptions and Policy: who decides about a subscription', () => {
  test.each<[string, PolicyLists | undefined, PolicyLists, Verdict]>([
    ['nobody has said anything: the user is alerted', undefined, lists(), 'ask'],
    ['a user with empty lists is alerted too', lists(), lists(), 'ask'],
    ['auto-authorization for everyone', undefined, auto, 'auto'],
    ['auto-authorization of the user', auto, lists(), 'auto'],
    ['the user’s own word about it counts more: no', manual, auto, 'ask'],
    ['the user’s own word about it counts more: yes', auto, manual, 'auto'],
    ['the administrator’s allow list leaves an earlier decision alone', undefined, allow, 'auto'],
    ['the administrator’s allow list counts though the user wants to be asked', manual, allow, 'auto'],
    ['the user’s allow list', allow, lists(), 'allow'],
    ['the user’s block list', block, auto, 'block'],
    ['the user’s block list against the administrator’s allow list', block, allow, 'block'],
    ['the user’s block list against his own allow list', lists({ block: ['*'], allow: [BOB] }), lists(), 'block'],
    ['the administrator’s block list against everything', allow, lists({ block: ['*@example.com'], allow: ['*'], autoAuthorize: true }), 'block'],
  ])('PRES-25: %s', (_title, user, everyone, verdict) => {
    expect(verdictOf(BOB, user, everyone)).toBe(verdict);
  });

  test.each<[string, PolicyLists | undefined, PolicyLists, Verdict]>([
    ['is blocked though nobody has said anything', undefined, lists(), 'block'],
    ['is blocked in spite of auto-authorization', auto, auto, 'block'],
    ['is blocked in spite of the administrator’s list, which may be for many', undefined, lists({ allow: ['*'] }), 'block'],
    ['is let in by the user’s own list', allow, lists(), 'allow'],
    ['is blocked by the administrator all the same', allow, block, 'block'],
  ])('SEC-14: a contact whose address could be taken for another one %s', (_title, user, everyone, verdict) => {
    expect(verdictOf(BOB, user, everyone, true)).toBe(verdict);
  });

  test.each([
    ['bob@example.com', true],
    ['*@example.com', true],
    ['*', true],
    ['bob@example.org', false],
    ['*@example.org', false],
    ['*@sub.example.com', false],
    ['*@ample.com', false],
    ['bo*@example.com', false],
    ['example.com', false],
    ['', false],
  ])('PRES-25: the entry "%s" covers bob@example.com: %s', (entry, expected) => {
    expect(covers(entry, BOB)).toBe(expected);
  });
});
