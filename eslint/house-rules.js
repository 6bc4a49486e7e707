/** The house as an ESLint plugin: imports go downward, and never in a circle. */
import { objection } from './floors.js';
import { ImportGraph, resolveSource, root, toRepositoryPath } from './import-graph.js';

/** Calls `check(node, specifier)` for every import, export-from and import() with a literal specifier. */
function onEveryImport(check) {
  const visit = (node) => {
    if (node.source?.type === 'Literal' && typeof node.source.value === 'string') check(node.source, node.source.value);
  };
  return {
    ImportDeclaration: visit,
    ExportNamedDeclaration: visit,
    ExportAllDeclaration: visit,
    ImportExpression: visit,
    TSImportType: visit,
  };
}

const meta = (description) => ({
  type: 'problem',
  docs: { description },
  messages: { refused: '{{reason}}.' },
  schema: [{ type: 'object', properties: { root: { type: 'string' } }, additionalProperties: false }],
});

/** Each file may import only from its own floor and those below it. */
export const importFloors = {
  meta: meta('imports go down the list of floors in eslint/floors.js'),
  create(context) {
    const base = context.options[0]?.root ?? root;
    return onEveryImport((node, specifier) => {
      const target = resolveSource(context.filename, specifier);
      if (target === undefined) return;
      const reason = objection(toRepositoryPath(context.filename, base), toRepositoryPath(target, base));
      if (reason !== undefined) context.report({ node, messageId: 'refused', data: { reason } });
    });
  },
};

const graph = new ImportGraph();

/** No file reaches itself by following imports; imports of types count, for they too tie files into one. */
export const noCycles = {
  meta: meta('no import cycles'),
  create(context) {
    const base = context.options[0]?.root ?? root;
    return {
      ...onEveryImport((node, specifier) => {
        const target = resolveSource(context.filename, specifier);
        if (target === undefined) return;
        const path = graph.findPath(target, context.filename);
        if (path === undefined) return;
        const circle = [context.filename, ...path].map((file) => toRepositoryPath(file, base)).join(' -> ');
        context.report({ node, messageId: 'refused', data: { reason: `import cycle: ${circle}` } });
      }),
    };
  },
};

export default { meta: { name: 'house' }, rules: { 'import-floors': importFloors, 'no-cycles': noCycles } };
