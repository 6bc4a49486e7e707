import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { floorOf, floors, objection } from './floors.js';
import house from './house-rules.js';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'floors-'));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

/** Writes the files into an empty repository and returns what the rules say about one of them. */
function lint(files, path) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text);
  }
  const options = ['error', { root: base }];
  const config = {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    plugins: { house },
    rules: { 'house/import-floors': options, 'house/no-cycles': options },
  };
  return new Linter({ cwd: base })
    .verify(files[path], [config], { filename: join(base, path) })
    .map((message) => `${message.ruleId}: ${message.message}`);
}

describe('import floors', () => {
  const below = { 'src/tensor/tree.ts': 'export const tree = 1;' };
  const above = { 'src/training/trainer.ts': 'export const trainer = 1; export type Trainer = number;' };

  it('lets a floor import from those below it', () => {
    const files = { ...below, 'src/nn/linear.ts': "export { tree } from '../tensor/tree.js';" };
    expect(lint(files, 'src/nn/linear.ts')).toEqual([]);
  });

  it.each([
    "import { trainer } from '../training/trainer.js'; export const x = trainer;",
    "import type { Trainer } from '../training/trainer.js'; export type X = Trainer;",
    "export { trainer } from '../training/trainer.js';",
    "export * from '../training/trainer.js';",
    "export const x = () => import('../training/trainer.js');",
    "export type X = import('../training/trainer.js').Trainer;",
  ])('refuses to look upward: %s', (code) => {
    const messages = lint({ ...above, 'src/nn/linear.ts': code }, 'src/nn/linear.ts');
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/import-floors: .*src\/nn may not import from src\/training/);
  });

  it('refuses to reach upward through a barrel', () => {
    const files = {
      ...above,
      'src/index.ts': "export * from './training/trainer.js';",
      'src/nn/linear.ts': "export { trainer } from '../index.js';",
    };
    expect(lint(files, 'src/nn/linear.ts')[0]).toMatch(/src\/nn may not import from src\/index.ts/);
  });

  it('keeps the families apart', () => {
    const files = {
      'src/families/flow/glow.ts': 'export const glow = 1;',
      'src/families/diffusion/unet.ts': "export { glow } from '../flow/glow.js';",
    };
    expect(lint(files, 'src/families/diffusion/unet.ts')[0]).toMatch(/families do not import each other/);
  });

  it('lets tests look upward, and nothing else import a test', () => {
    expect(objection('src/tensor/ops.test.ts', 'src/runtime/engine.ts')).toBeUndefined();
    expect(objection('src/runtime/engine.ts', 'src/tensor/ops.test-helper.ts')).toMatch(/only tests import it/);
  });

  it('refuses sources that stand on no floor', () => {
    expect(objection('src/nn/linear.ts', 'scripts/tool.ts')).toMatch(/no floor/);
  });

  it('agrees with the order for every pair of floors', () => {
    const fileOn = (floor) => (floor.endsWith('.ts') ? floor : `${floor}/x.ts`);
    floors.forEach((from, i) => {
      floors.forEach((to, j) => {
        expect(objection(fileOn(from), fileOn(to)) === undefined).toBe(j <= i);
      });
      expect(floorOf(fileOn(from))).toBe(i);
    });
  });
});

describe('no cycles', () => {
  it('names the circle', () => {
    const files = {
      'src/nn/a.ts': "import { b } from './b.js'; export const a = () => b;",
      'src/nn/b.ts': "export { c as b } from './c.js';",
      'src/nn/c.ts': "import type { a } from './a.js'; export const c: typeof a | undefined = undefined;",
    };
    expect(lint(files, 'src/nn/a.ts')).toEqual([
      'house/no-cycles: import cycle: src/nn/a.ts -> src/nn/b.ts -> src/nn/c.ts -> src/nn/a.ts.',
    ]);
  });

  it('refuses a file that imports itself', () => {
    expect(lint({ 'src/nn/a.ts': "export * from './a.js';" }, 'src/nn/a.ts')).toHaveLength(1);
  });

  it('allows a diamond', () => {
    const files = {
      'src/nn/a.ts': "export * from './b.js'; export * from './c.js';",
      'src/nn/b.ts': "export { d } from './d.js';",
      'src/nn/c.ts': "export { d as e } from './d.js';",
      'src/nn/d.ts': 'export const d = 1;',
    };
    expect(lint(files, 'src/nn/a.ts')).toEqual([]);
  });
});
