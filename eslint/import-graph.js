/** Which file imports which, read from the sources themselves. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A path below `base` with forward slashes. */
export function toRepositoryPath(path, base = root) {
  return relative(base, path).split(sep).join('/');
}

/** The source file that a relative specifier in `importer` names, or undefined for packages and missing files. */
export function resolveSource(importer, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  const target = resolve(dirname(importer), specifier);
  const stem = target.replace(/\.js$/, '');
  const candidates = [`${stem}.ts`, `${stem}.tsx`, target, join(target, 'index.ts')];
  return candidates.find((path) => /\.([jt]s|tsx)$/.test(path) && existsSync(path));
}

/** The import graph, read file by file as it is asked for. */
export class ImportGraph {
  #edges = new Map();

  /** Absolute paths of the files that `path` imports, with or without types. */
  importsOf(path) {
    let edges = this.#edges.get(path);
    if (!edges) {
      const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true);
      edges = importedFiles.map((file) => resolveSource(path, file.fileName)).filter((file) => file !== undefined);
      this.#edges.set(path, edges);
    }
    return edges;
  }

  /** The shortest way along imports from `start` to `goal`, both ends included, or undefined. */
  findPath(start, goal) {
    const cameFrom = new Map([[start, undefined]]);
    const queue = [start];
    for (const path of queue) {
      if (path === goal) return trail(cameFrom, goal);
      for (const next of this.importsOf(path)) {
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, path);
        queue.push(next);
      }
    }
    return undefined;
  }
}

function trail(cameFrom, end) {
  const path = [];
  for (let step = end; step !== undefined; step = cameFrom.get(step)) path.unshift(step);
  return path;
}
