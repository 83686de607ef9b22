/**
 * The dependency direction of the packages, as allow-lists: whatever is not named is forbidden.
 * TypeScript's project references do not enforce it (an undeclared import compiles through the workspace link).
 */
const own = (name) => `^packages/${name}/`;
const npm = (...names) => names.map((name) => `^node_modules/${name}/`);
const NODE = '^(node:)?[a-z/_]+$';

/** What each package may import besides itself. `types`: only by `import type`. */
const ALLOWED = {
  model: { values: ['^(node:)?url$'] },
  rules: { values: [own('model')] },
  engine: { values: [own('model'), own('rules')] },
  codec: {
    values: [
      own('model'),
      own('rules'),
      '^(node:)?(crypto|url)$',
      ...npm('@xmpp/xml', '@types/xmpp__xml', 'ltx', 'saxes', 'htmlparser2'),
    ],
    types: [own('engine')],
  },
  store: { values: [own('model'), '^(node:)?(crypto|events|tls)$', ...npm('ioredis')], types: [own('engine')] },
  xmpp: {
    values: [own('model'), NODE, ...npm('@xmpp/(component|component-core|xml|connection)', '@types/xmpp__xml', 'ltx')],
    types: [own('codec'), own('engine')],
  },
  sip: { values: [own('model'), NODE, ...npm('drachtio-srf')], types: [own('codec'), own('engine')] },
  sipd: { values: [NODE] },
  anchor: { values: [own('sipd'), NODE] },
};

const rules = Object.entries(ALLOWED).flatMap(([name, { values, types = [] }]) => [
  {
    name: `${name}-imports`,
    severity: 'error',
    comment: `packages/${name} may import only what .dependency-cruiser.cjs lists for it`,
    from: { path: `${own(name)}src/` },
    to: { pathNot: [own(name), ...values, ...types] },
  },
  ...types.map((path) => ({
    name: `${name}-types-only`,
    severity: 'error',
    comment: `packages/${name} may import types, not values, from ${path}`,
    from: { path: `${own(name)}src/` },
    to: { path, dependencyTypesNot: ['type-only'] },
  })),
]);

module.exports = {
  forbidden: [...rules, { name: 'no-circular', severity: 'error', from: { path: '^packages/' }, to: { circular: true } }],
  options: {
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types', 'default'] },
  },
};
