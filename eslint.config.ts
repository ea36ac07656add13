import { defineConfig } from 'eslint/config';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const src = './src';
const rooms = ['consume', 'sessions', 'extract', 'memory', 'publish', 'serve'].map((room) => `${src}/${room}`);

export default defineConfig(
  { ignores: ['dist/**', 'node_modules/**', 'coverage/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      'import-x/no-default-export': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'only src/main.ts reads the environment' },
      ],
      // The direction of imports: model <- rooms <- app <- cli/main; adapters -> ports and model.
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            {
              target: `${src}/model`,
              from: src,
              except: ['./model'],
              message: 'the model imports nothing of ours',
            },
            {
              target: [`${src}/sessions`, `${src}/memory`],
              from: src,
              except: ['./model', './sessions', './memory', './errors.ts'],
              message: 'pure rooms take time and data as arguments and touch nothing',
            },
            {
              target: rooms,
              from: [`${src}/adapters`, `${src}/cli`, `${src}/app.ts`, `${src}/main.ts`],
              message: 'rooms know ports, never adapters or what composes them',
            },
            {
              target: `${src}/adapters`,
              from: [`${src}/cli`, `${src}/app.ts`, `${src}/main.ts`, `${src}/serve`],
              message: 'adapters implement ports and know no room',
            },
            {
              target: src,
              from: `${src}/main.ts`,
              message: 'nothing imports the entry point',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/main.ts', 'test/**', '*.config.ts', 'scripts/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['*.config.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  {
    // Pure rooms: no I/O, no clock, no chance.
    files: ['src/sessions/**', 'src/memory/**', 'src/model/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ regex: '^node:(?!crypto$)', message: 'pure rooms do no I/O' }] }],
      'no-restricted-syntax': [
        'error',
        { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'take time as an argument' },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'take time as an argument' },
        { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'no chance in pure rooms' },
      ],
    },
  },
);
