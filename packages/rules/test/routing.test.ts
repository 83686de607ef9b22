import fc from 'fast-check';
import { byShare, candidates, includes, isLike, isOfDomain, matches, overlap, type Routing } from '../src';

const ANY: Omit<Routing, 'name'> = { domains: ['*'], users: ['*'], priority: 0, weight: 0, enabled: true };
const route = (name: string, over: Partial<Routing> = {}): Routing => ({ name, ...ANY, ...over });
const BOB = { local: 'bob', domain: 'example.com' };
const names = (routes: readonly Routing[]): string => routes.map(({ name }) => name).join(' ');

describe('whom a route is for', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['example.com', 'sub.example.com', false],
    ['*.example.com', 'sub.example.com', true],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'badexample.com', false],
    ['*', 'anything.example', true],
  ])('the domain pattern %s covers %s: %s', (pattern, domain, covered) => {
    expect(isOfDomain(pattern, domain)).toBe(covered);
  });

  test.each([
    ['bob', 'bob', true],
    ['bob', 'bobby', false],
    ['bob*', 'bobby', true],
    ['bob*', 'bob', true],
    ['*bob', 'bob', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'aXbXbXc', true],
    ['a*b*c', 'aXc', false],
    ['a*b*b', 'ab', false],
    ['a?c', 'abc', false],
    ['a.c', 'abc', false],
  ])('the user pattern %s covers %s: %s', (pattern, user, covered) => {
    expect(isLike(pattern, user)).toBe(covered);
  });

  test('promise 7: a pattern of many wildcards is looked for in linear time', () => {
    const text = 'a'.repeat(1_000);
    expect(isLike(`${'*a'.repeat(500)}b*`, text)).toBe(false);
  });
});

describe('in which order routes are tried', () => {
  test('the highest priority first, whatever fits more exactly; routes that do not match or are disabled are left out', () => {
    const routes = [
      route('exact', { domains: ['example.com'], users: ['bob'] }),
      route('high', { priority: 20 }),
      route('off', { priority: 30, enabled: false }),
      route('other', { priority: 30, domains: ['example.org'] }),
      route('carol', { priority: 30, users: ['carol'] }),
      route('middle', { priority: 10, domains: ['example.org', 'example.com'] }),
    ];
    expect(names(candidates(routes, BOB, 'k'))).toBe('high middle exact');
  });

  test('without weights the order of the list counts; those with a share come before those without', () => {
    expect(names(candidates([route('a'), route('b'), route('c')], BOB, 'k'))).toBe('a b c');
    expect(names(candidates([route('a'), route('b', { weight: 1 }), route('c')], BOB, 'k'))).toBe('b a c');
  });

  test('RFC 2782: many keys are shared by weight, and the rest of them by the weights of those that are left', () => {
    const routes = [route('a', { weight: 60 }), route('b', { weight: 30 }), route('c', { weight: 10 })];
    const orders = Array.from({ length: 20_000 }, (_, n) => candidates(routes, BOB, `user${n}@example.com`));
    const share = (of: readonly Routing[][], at: number, name: string): number => of.filter((order) => order[at]?.name === name).length / of.length;
    expect(share(orders, 0, 'a')).toBeCloseTo(0.6, 1);
    expect(share(orders, 0, 'b')).toBeCloseTo(0.3, 1);
    expect(share(orders, 0, 'c')).toBeCloseTo(0.1, 1);
    const afterA = orders.filter(([first]) => first?.name === 'a');
    expect(share(afterA, 1, 'b')).toBeCloseTo(0.75, 1);
  });

  test('a key keeps its order among the others when one of them comes or goes, and at every call', () => {
    const items = [route('a', { weight: 5 }), route('b', { weight: 3 }), route('c', { weight: 9 }), route('d', { weight: 1 })];
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('a', 'b', 'c', 'd'), (key, gone) => {
        const all = byShare(items, key);
        const without = byShare(items.filter(({ name }) => name !== gone), key);
        expect(without).toEqual(all.filter(({ name }) => name !== gone));
        expect(byShare([...items].reverse(), key)).toEqual(all);
      }),
    );
  });
});

describe('for any routes and any address', () => {
  const label = fc.constantFrom('a', 'b', 'ab', 'ba');
  const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
  const domainPattern = fc.oneof(domain, domain.map((text) => `*.${text}`), fc.constant('*'));
  const local = fc.array(fc.constantFrom('a', 'b', '.', '(', '\\'), { maxLength: 6 }).map((letters) => letters.join(''));
  const userPattern = fc.array(fc.constantFrom('a', 'b', '*', '.', '(', '\\'), { minLength: 1, maxLength: 6 }).map((letters) => letters.join(''));
  const anyRoute = fc.record({
    domains: fc.array(domainPattern, { minLength: 1, maxLength: 3 }),
    users: fc.array(userPattern, { minLength: 1, maxLength: 3 }),
    priority: fc.nat(2),
    weight: fc.constantFrom(0, 0, 1, 50),
    enabled: fc.boolean(),
  });
  const routesOf = (parts: readonly Omit<Routing, 'name'>[]): Routing[] => parts.map((each, index) => ({ name: `r${index}`, ...each }));

  /** As the manual page says it, with other means: regular expressions for patterns. */
  function covers({ domains, users, enabled }: Routing, to: { local: string; domain: string }): boolean {
    const quoted = (text: string): string => text.replace(/[.()\\]/g, '\\$&');
    const domainLike = (pattern: string): RegExp => new RegExp(pattern === '*' ? '^.*$' : `^${quoted(pattern).replace(/^\*/, '.+')}$`);
    const userLike = (pattern: string): RegExp => new RegExp(`^${quoted(pattern).replace(/\*+/g, '.*')}$`);
    return enabled && domains.some((pattern) => domainLike(pattern).test(to.domain)) && users.some((pattern) => userLike(pattern).test(to.local));
  }

  test('SEC-19: exactly those routes are tried whose patterns cover it, in an order that priority, shares and the list allow', () => {
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 6 }), local, domain, fc.string(), (parts, user, of, key) => {
        const routes = routesOf(parts);
        const to = { local: user, domain: of };
        const chosen = candidates(routes, to, key);
        expect(new Set(chosen)).toEqual(new Set(routes.filter((each) => covers(each, to))));
        expect(chosen).toHaveLength(new Set(chosen).size);
        for (const [index, next] of chosen.slice(1).entries()) {
          const before = chosen[index] as Routing;
          const place = (each: Routing): number => routes.indexOf(each);
          const byPriority = before.priority > next.priority;
          const byWeight = before.priority === next.priority && before.weight > 0;
          const byList = before.priority === next.priority && before.weight === 0 && next.weight === 0 && place(before) < place(next);
          expect(byPriority || byWeight || byList).toBe(true);
        }
        expect(candidates(routes, to, key)).toEqual(chosen);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a route that includes another takes all its addresses; two that do not overlap have none in common', () => {
    fc.assert(
      fc.property(anyRoute, anyRoute, local, domain, (parts, others, user, of) => {
        const [one, other] = routesOf([parts, others]) as [Routing, Routing];
        const to = { local: user, domain: of };
        if (includes(one, other) && matches(other, to)) expect(matches(one, to)).toBe(true);
        if (matches(one, to) && matches(other, to)) expect(overlap(one, other)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    const all = route('all', { domains: ['*.example.com', 'example.com'] });
    const some = route('some', { domains: ['sub.example.com'], users: ['bob'] });
    expect([includes(all, some), includes(some, all), includes({ ...all, enabled: false }, some), includes(some, some)]).toEqual([true, false, false, true]);
    expect(overlap(some, route('else', { domains: ['example.com'] }))).toBe(false);
  });
});
