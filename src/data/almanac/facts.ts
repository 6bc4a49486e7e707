import { type Split, splitOf } from './choice.js';
import { countryFactList } from './countries.js';
import { elementFactList } from './elements.js';
import { isIrregular, pluralFactList } from './plurals.js';
import { statusFactList } from './statuses.js';
import { sumFactList } from './sums.js';
import type { AttributeName, Entity, Fact, Topic } from './types.js';

/** All that the almanac knows, each fact once. */
export const facts: readonly Fact[] = [
  ...countryFactList,
  ...elementFactList,
  ...statusFactList,
  ...sumFactList,
  ...pluralFactList,
];

export const attributesOf: Readonly<Record<Topic, readonly AttributeName[]>> = {
  country: ['capital', 'currency', 'continent', 'language', 'calling code'],
  element: ['symbol', 'atomic number', 'group'],
  code: ['meaning'],
  phrase: ['code'],
  sum: ['result'],
  plural: ['plural'],
};

/** The share of facts held out of every question that is asked in training. */
const heldOutShare: Readonly<Record<Topic, number>> = {
  country: 0.08,
  element: 0.08,
  code: 0,
  phrase: 0,
  sum: 0.16,
  plural: 0.3,
};

/**
 * Whether training asks for a fact. A held-out fact about a country or an element is stated in the pretraining text
 * and never asked; a held-out sum or plural is nowhere at all, since it follows from the others by a rule. So plurals
 * that follow no rule are not held out.
 */
export function factSplit(fact: Fact): Split {
  const { topic, name } = fact.entity;
  if (topic === 'plural' && isIrregular(name)) return 'training';
  // Of a sum's key, the part that 3 plus 5 and 5 plus 3 share.
  const key = topic === 'sum' ? fact.key.split('/').slice(0, 2).join('/') : fact.key;
  return splitOf(`fact/${key}`, heldOutShare[topic]);
}

/** May stand in pretraining text. */
export function isStated(fact: Fact): boolean {
  const { topic } = fact.entity;
  return topic === 'country' || topic === 'element' || factSplit(fact) === 'training';
}

const byEntity = new Map<Entity, Fact[]>();
const byAttribute = new Map<AttributeName, Record<Split, Fact[]>>();
for (const fact of facts) {
  byEntity.set(fact.entity, [...(byEntity.get(fact.entity) ?? []), fact]);
  const splits = byAttribute.get(fact.attribute) ?? { training: [], development: [], evaluation: [] };
  splits[factSplit(fact)].push(fact);
  byAttribute.set(fact.attribute, splits);
}

/** Things of a topic, in the order of their facts. */
export const entities: readonly Entity[] = [...byEntity.keys()];

export const entitiesOf = (topic: Topic): readonly Entity[] => entities.filter((entity) => entity.topic === topic);

export const factsOf = (entity: Entity): readonly Fact[] => byEntity.get(entity) ?? [];

export const factsAbout = (attribute: AttributeName, split: Split): readonly Fact[] =>
  byAttribute.get(attribute)?.[split] ?? [];
