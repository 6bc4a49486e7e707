import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { pureFloors } from './eslint/floors.js';
import house from './eslint/house-rules.js';

const tests = ['**/*.test.ts', '**/*.test-helper.ts'];

export default tseslint.config(
  { ignores: ['dist/', 'runs/', 'models/', 'coverage/', 'results/', '.cache/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Typed arrays under noUncheckedIndexedAccess: inside a hot loop the bound is known and a check costs time.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      eqeqeq: 'error',
      'prefer-const': 'error',
    },
  },
  {
    // What a page's handlers do in their own time, they report themselves.
    files: ['studio/**/*.tsx'],
    rules: { '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }] },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['{src,recipes,bench}/**/*.ts', 'studio/**/*.{ts,tsx}'],
    plugins: { house },
    rules: { 'house/import-floors': 'error', 'house/no-cycles': 'error' },
  },
  {
    files: pureFloors.map((floor) => `${floor}/**/*.ts`),
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', 'onnxruntime-*'], message: 'This floor is pure: no files, no processes, no ONNX.' },
          ],
        },
      ],
    },
  },
);
