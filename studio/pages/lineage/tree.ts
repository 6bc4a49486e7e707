import type { ModelView } from '../../lib/models.js';

/** Models as a family: each below the one whose weights it began with. */
export interface Branch {
  readonly model: ModelView;
  readonly children: readonly Branch[];
}

const parentIdOf = ({ lineage }: ModelView): string | undefined =>
  lineage?.ancestors.find(({ role }) => role === 'parent')?.id;

/** The model whose weights it began with, where it is still there. */
export const parentOf = (model: ModelView, all: readonly ModelView[]): ModelView | undefined => {
  const id = parentIdOf(model);
  return id === undefined ? undefined : all.find((other) => other !== model && other.lineage?.id === id);
};

/** The families, the youngest member's first; siblings by age. */
export function familiesOf(all: readonly ModelView[]): readonly Branch[] {
  const made = ({ lineage }: ModelView): string => lineage?.createdAt ?? '';
  const branchOf = (model: ModelView, above: readonly ModelView[]): Branch => ({
    model,
    children: all
      .filter((other) => parentOf(other, all) === model && !above.includes(other))
      .sort((a, b) => (made(a) < made(b) ? -1 : 1))
      .map((child) => branchOf(child, [...above, model])),
  });
  const youngest = (branch: Branch): string =>
    [made(branch.model), ...branch.children.map(youngest)].reduce((a, b) => (a > b ? a : b));
  return all
    .filter((model) => parentOf(model, all) === undefined)
    .map((model) => branchOf(model, []))
    .sort((a, b) => (youngest(a) < youngest(b) ? 1 : -1));
}
