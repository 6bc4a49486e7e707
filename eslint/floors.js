/**
 * The house: every floor may stand on those above it in this list and never on those below.
 * The one place where the order is written down; the lint rules and docs/floors.svg are made from it.
 */
export const floors = [
  'src/errors.ts',
  'src/tensor',
  'src/runtime',
  'src/nn',
  'src/tokenizer',
  'src/data',
  'src/families',
  'src/training',
  'src/sampling',
  'src/prompting',
  'src/alignment',
  'src/evaluation',
  'src/formats',
  'src/serving',
  'src/index.ts',
  'src/cli',
  'recipes',
  'studio',
  'bench',
];

/** Floors that know nothing of files, processes, servers or terminals. */
export const pureFloors = ['src/tensor', 'src/nn', 'src/families'];

/** The floor of a repository path with forward slashes, as an index into `floors`; -1 when it stands outside. */
export function floorOf(path) {
  return floors.findIndex((floor) => path === floor || path.startsWith(`${floor}/`));
}

/** A test may look upward (a law about an operation has to run it on the engine); nothing may import a test. */
export function isTest(path) {
  return /\.test(-helper)?\.[jt]sx?$/.test(path);
}

/** Why `importer` may not import `imported` (both repository paths), or undefined when it may. */
export function objection(importer, imported) {
  const from = floorOf(importer);
  if (from === -1) return undefined;
  if (isTest(imported) && !isTest(importer)) return `'${imported}' is part of a test; only tests import it`;
  if (isTest(importer)) return undefined;
  const to = floorOf(imported);
  if (to === -1) return `'${imported}' stands on no floor; give it one in eslint/floors.js`;
  if (to > from)
    return `imports go downward only: ${floors[from]} may not import from ${floors[to]}, which stands above it`;
  const [family, other] = [importer, imported].map((path) => /^src\/families\/([^/]+)\//.exec(path)?.[1]);
  if (family && other && family !== other) {
    return `families do not import each other; what ${family} and ${other} share belongs in src/nn or src/training`;
  }
  return undefined;
}
