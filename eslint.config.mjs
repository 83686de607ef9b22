import ts from 'typescript-eslint';

const pure = 'packages/{model,rules,engine,codec}/src/**/*.ts';

/** Typed rules for the sources; in the pure packages time, chance and waiting are forbidden: they arrive in the event. */
export default ts.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  {
    files: ['packages/*/src/**/*.ts'],
    extends: [ts.configs.base],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: [pure],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'crypto', 'console'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'time arrives in the event' },
        { object: 'Math', property: 'random', message: 'ids arrive in the event' },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'time arrives in the event' },
        { selector: 'AwaitExpression', message: 'pure code does not wait' },
      ],
    },
  },
);
