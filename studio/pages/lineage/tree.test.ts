import { expect, it } from 'vitest';
import type { ModelView } from '../../lib/models.js';
import { type Branch, familiesOf } from './tree.js';

const model = (id: string, createdAt: string, parent?: string): ModelView => ({
  ...{ id, path: id, kind: 'language-model', chats: true, bytes: 1, promoted: false },
  lineage: {
    ...{ id: `#${id}`, name: id, stage: 'test', createdAt, settings: {}, results: {} },
    ancestors: parent === undefined ? [] : [{ role: 'parent', name: parent, id: `#${parent}` }],
  },
});

const names = ({ model: { id }, children }: Branch): unknown => [id, ...children.map(names)];

it('puts each model below the one that it began with; a model whose parent is gone begins a family', () => {
  const all = [
    model('ppo', '4', 'sft'),
    model('base', '1'),
    model('sft', '2', 'base'),
    model('reward', '3', 'sft'),
    model('orphan', '5', 'lost'),
    { ...model('copy', '0'), lineage: undefined },
  ];
  expect(familiesOf(all).map(names)).toEqual([['orphan'], ['base', ['sft', ['reward'], ['ppo']]], ['copy']]);
});
