import type { Config } from 'jest';

/** What every ring shares: sources compiled by swc (types are checked by `tsc -b`), packages resolved to their sources. */
const common: Config = {
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: { '^@isthmus/([^/]+)$': '<rootDir>/packages/$1/src' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};

/** The rings: pure (no I/O), fuzz (mutated input for everything that reads), servers (one package against the real thing), plugins, scenarios (the whole program). */
const config: Config = {
  projects: [
    { ...common, displayName: 'pure', testMatch: ['<rootDir>/packages/{model,rules,engine,codec}/test/**/*.test.ts'] },
    { ...common, displayName: 'fuzz', testMatch: ['<rootDir>/fuzz/test/**/*.test.ts'] },
    {
      ...common,
      displayName: 'servers',
      testMatch: ['<rootDir>/packages/{store,xmpp,sip,sipd,gateway}/test/**/*.test.ts', '<rootDir>/{bench,chaos}/test/**/*.test.ts'],
    },
    { ...common, displayName: 'plugins', testMatch: ['<rootDir>/plugins/*/test/**/*.test.ts'] },
    { ...common, displayName: 'scenarios', testMatch: ['<rootDir>/scenarios/**/*.test.ts'] },
  ],
  testTimeout: 30_000,
};
export default config;
