/**
 * The dependency direction of the packages, as allow-lists: whatever is not named is forbidden.
 * TypeScript's project references do not enforce it (an undeclared import compiles through the workspace link).
 */
const own = (name) => `^packages/${name}/`;
const npm = (names) => names.map((name) => `^node_modules/${name}/`);

/** What each package may import besides itself. */
const ALLOWED = {
  model: ['^(node:)?url$'],
  rules: [own('model')],
  engine: [own('model'), own('rules')],
  codec: [own('model'), own('rules'), '^(node:)?crypto$', ...npm(['@xmpp/xml', '@types/xmpp__xml', 'ltx', 'saxes', 'html-to-text'])],
  store: [own('model'), '^(node:)?(crypto|events)$', ...npm(['ioredis'])],
  xmpp: [own('model'), '^(node:)?[a-z/_]+$', ...npm(['@xmpp/(component|xml|component-core)', '@types/xmpp__xml', 'ltx'])],
  sip: [own('model'), '^(node:)?[a-z/_]+$', ...npm(['drachtio-srf'])],
  sipd: ['^(node:)?[a-z/_]+$'],
};

const rules = Object.entries(ALLOWED).map(([name, allowed]) => ({
  name: `${name}-imports`,
  severity: 'error',
  comment: `packages/${name} may import only what .dependency-cruiser.cjs lists for it`,
  from: { path: `${own(name)}src/` },
  to: { pathNot: [own(name), ...allowed] },
}));

/** Types of codec and engine may be used by the I/O packages; values may not. */
const typesOnly = ['store', 'xmpp', 'sip'];
for (const rule of rules) {
  const name = rule.name.replace('-imports', '');
  if (typesOnly.includes(name)) rule.to = { ...rule.to, dependencyTypesNot: ['type-only'] };
}

module.exports = {
  forbidden: [
    ...rules,
    { name: 'no-circular', severity: 'error', from: { path: '^packages/' }, to: { circular: true } },
    { name: 'xmpp-not-sip', severity: 'error', from: { path: own('xmpp') }, to: { path: own('sip') } },
    { name: 'sip-not-xmpp', severity: 'error', from: { path: own('sip') }, to: { path: own('xmpp') } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.depcruise.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'types', 'default'] },
  },
};
