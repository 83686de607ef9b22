import type { Config } from 'jest';

/** What every ring shares: sources compiled by swc (types are checked by `tsc -b`), packages resolved to their sources. */
const common = {
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^@isthmus/([^/]+)$': '<rootDir>/packages/$1/src' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
} satisfies Config;

/** Scenarios that put the machine under load, or measure its memory: they want it for themselves. */
const LOAD = '(chaos|flood|failover-load|hostile-memory|cluster|rolling)[^/]*\\.test\\.ts$';

/** Scenarios that are played on ejabberd in every run; `npm run scenarios -- --server ejabberd` plays all. */
const ON_EJABBERD_TOO = '{messages,presence,policy,workers,health,availability,acknowledgements}';

/**
 * The rings: pure (no I/O), fuzz (mutated input for everything that reads), servers (one package against the real thing), plugins, scenarios (the
 * whole program), load (the whole program under load, one file at a time).
 */
const config: Config = {
  projects: [
    { ...common, displayName: 'pure', testMatch: ['<rootDir>/packages/{model,rules,engine,codec}/test/**/*.test.ts'] },
    { ...common, displayName: 'fuzz', testMatch: ['<rootDir>/fuzz/test/**/*.test.ts'] },
    {
      ...common,
      displayName: 'servers',
      testMatch: ['<rootDir>/packages/{store,xmpp,sip,sipd,anchor,gateway}/test/**/*.test.ts', '<rootDir>/{bench,chaos,deploy}/test/**/*.test.ts'],
    },
    // One suite over both servers, and what is each one's own.
    { ...common, displayName: 'plugins', globals: { ISTHMUS_XMPP_SERVER: 'prosody' }, testMatch: ['<rootDir>/plugins/{test,prosody/test}/**/*.test.ts'] },
    { ...common, displayName: 'ejabberd', globals: { ISTHMUS_XMPP_SERVER: 'ejabberd' }, testMatch: ['<rootDir>/plugins/{test,ejabberd/test}/**/*.test.ts', `<rootDir>/scenarios/${ON_EJABBERD_TOO}.test.ts`] },
    {
      ...common,
      displayName: 'scenarios',
      testMatch: ['<rootDir>/scenarios/**/*.test.ts'],
      testPathIgnorePatterns: [...common.testPathIgnorePatterns, `/scenarios/${LOAD}`],
    },
    { ...common, displayName: 'load', testRegex: `/scenarios/${LOAD}` },
  ],
  // A deadline for what hangs, and for nothing else: it is far from what a test takes on a slow or loaded machine.
  testTimeout: 180_000,
};
export default config;
