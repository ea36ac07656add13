import type { Linter } from 'eslint';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** A line of the layer rule: what files of a folder must not import, as a regex over the specifier. */
function mustNotImport(files: string[], regex: string, message: string): Linter.Config {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns: [{ regex, message }] }] } };
}

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'export by name' };
const noIo = { regex: '^node:(?!crypto$)', message: 'pure rooms do no I/O' };

export default defineConfig(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**', '.test-build/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', noDefaultExport],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'only src/main.ts reads the environment' },
      ],
    },
  },
  // The direction of imports: model <- pure rooms <- rooms <- app <- cli and main; adapters -> ports and model.
  mustNotImport(['src/**'], '/main\\.ts$', 'nothing imports the entry point'),
  mustNotImport(
    ['consume', 'extract', 'evaluate', 'experiments', 'publish', 'serve', 'roles'].map(
      (room) => `src/${room}/**`,
    ),
    '/(adapters|cli)/|/(app|main)\\.ts$',
    'rooms know ports, never adapters or what composes them',
  ),
  mustNotImport(
    ['src/adapters/**'],
    '/(cli|serve|roles)/|/(app|main)\\.ts$',
    'adapters implement ports and know no room',
  ),
  {
    files: ['src/main.ts', 'test/**', '*.config.ts', 'scripts/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['src/model/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [noIo, { regex: '^\\.\\./', message: 'the model imports nothing of ours' }] },
      ],
    },
  },
  {
    files: ['src/sessions/**', 'src/memory/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            noIo,
            {
              regex: '^\\.\\./(?!model/|sessions/|memory/|errors\\.ts$)',
              message: 'pure rooms take time and data as arguments and touch nothing',
            },
          ],
        },
      ],
    },
  },
  {
    // No clock and no chance.
    files: ['sessions', 'memory', 'model', 'evaluate', 'experiments'].map((room) => `src/${room}/**`),
    rules: {
      'no-restricted-syntax': [
        'error',
        noDefaultExport,
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'take time as an argument',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'take time as an argument',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'no chance in pure rooms',
        },
      ],
    },
  },
);
