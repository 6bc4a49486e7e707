import { answerOf } from './answers.js';
import { Choice } from './choice.js';
import { entities, entitiesOf, factsOf, isStated } from './facts.js';
import { capitalise } from './phrasing.js';
import type { AttributeName, Entity, Fact } from './types.js';

/**
 * Ways to state a fact: {e} the entity, {es} its genitive, {v} the value, {av} the value with its article. Those with
 * "its" come after a sentence that names the entity.
 */
const statements: Readonly<Record<AttributeName, { named: readonly string[]; its: readonly string[] }>> = {
  capital: {
    named: [
      '{es} capital is {v}.',
      '{v} is the capital of {e}.',
      'The capital city of {e} is {v}.',
      'The city of {v} is the capital of {e}.',
      'The government of {e} sits in {v}.',
    ],
    its: ['Its capital is {v}.', 'Its capital city is {v}.', 'The capital is {v}.'],
  },
  currency: {
    named: [
      '{es} currency is the {v}.',
      'People in {e} pay with the {v}.',
      'The {v} is the currency of {e}.',
      'The official currency of {e} is the {v}.',
      'The money used in {e} is the {v}.',
    ],
    its: ['Its currency is the {v}.', 'People there pay with the {v}.', 'The currency there is the {v}.'],
  },
  continent: {
    named: ['{e} lies in {v}.', '{e} is a country in {v}.', 'The continent of {e} is {v}.', '{es} continent is {v}.'],
    its: ['It is in {v}.', 'It is a country in {v}.', 'It lies in {v}.'],
  },
  language: {
    named: [
      'The language of {e} is {v}.',
      '{v} is spoken in {e}.',
      'The main language of {e} is {v}.',
      'The people of {e} speak {v}.',
      '{es} language is {v}.',
    ],
    its: ['People there speak {v}.', 'Its language is {v}.', 'The main language there is {v}.'],
  },
  'calling code': {
    named: [
      '{es} calling code is {v}.',
      'To call {e}, dial {v}.',
      'Phone numbers in {e} begin with {v}.',
      'The phone code of {e} is {v}.',
      '{v} is the calling code of {e}.',
    ],
    its: ['Its calling code is {v}.', 'Phone numbers there begin with {v}.', 'Its phone code is {v}.'],
  },
  symbol: {
    named: [
      '{es} symbol is {v}.',
      'The chemical symbol of {e} is {v}.',
      '{v} is the symbol of {e}.',
      'Chemists write {e} as {v}.',
      '{v} stands for {e}.',
    ],
    its: ['Its symbol is {v}.', 'Its chemical symbol is {v}.', 'Chemists write it as {v}.'],
  },
  'atomic number': {
    named: [
      '{es} atomic number is {v}.',
      '{e} has the atomic number {v}.',
      '{e} is element number {v}.',
      '{v} is the atomic number of {e}.',
    ],
    its: ['Its atomic number is {v}.', 'It has the atomic number {v}.', 'It is element number {v}.'],
  },
  group: {
    named: ['The element {e} is {av}.', 'The group of {e} is {v}.', 'Chemists call {e} {av}.'],
    its: ['It is {av}.', 'Its group is {v}.'],
  },
  meaning: {
    named: [
      'The status code {e} means {v}.',
      'Status {e} is {v}.',
      'A server that answers {e} says {v}.',
      'HTTP status {e} is {v}.',
    ],
    its: [],
  },
  code: {
    named: [
      'The HTTP code for {e} is {v}.',
      '{e} is status {v}.',
      '{e} has the status code {v}.',
      '{e} is the meaning of HTTP {v}.',
    ],
    its: [],
  },
  result: { named: ['{e} makes {v}.', '{e} equals {v}.', 'The result of {e} is {v}.', '{e} = {v}.'], its: [] },
  plural: {
    named: [
      'One {e}, two {v}.',
      'More than one {e} are {v}.',
      'The plural form of {e} is {v}.',
      'We say one {e} and many {v}.',
    ],
    its: [],
  },
};

/** The share of statements in the very words of the taught answers. */
const plainShare = 0.4;

function fill(template: string, fact: Fact, entity: Entity): string {
  const article = /^[aeiou]/i.test(fact.value) ? 'an' : 'a';
  return capitalise(
    template
      .replaceAll('{es}', entity.possessive)
      .replaceAll('{e}', entity.name)
      .replaceAll('{av}', `${article} ${fact.value}`)
      .replaceAll('{v}', fact.value),
  );
}

/** One sentence that states a fact. `named` says whether it has to name the entity. */
function statement(choice: Choice, fact: Fact, named = true): string {
  const { named: full, its } = statements[fact.attribute];
  if (!named && its.length > 0) return fill(choice.pick(its), fact, fact.entity);
  if (choice.chance(plainShare)) return answerOf(fact);
  const { entity } = fact;
  const shown =
    entity.topic === 'sum' && choice.chance(0.4) ? { ...entity, name: entity.aliases[0] ?? entity.name } : entity;
  return fill(choice.pick(full), fact, shown);
}

/** A passage about one entity: all that is known of it, in any order. */
function entityPassage(choice: Choice, entity: Entity): string {
  const sentences = choice
    .shuffle(factsOf(entity).filter(isStated))
    .map((fact, index) => statement(choice, fact, index === 0 || choice.chance(0.65)));
  if (choice.chance(0.1) && entity.aliases.length > 0) {
    sentences.push(`${capitalise(choice.pick(entity.aliases))} is another name for ${entity.name}.`);
  }
  return sentences.join(' ');
}

/** A passage of facts of one kind: capitals, or sums, or plurals. */
function listPassage(choice: Choice, attribute: AttributeName, stated: readonly Fact[]): string {
  const count = 4 + choice.integer(4);
  return Array.from({ length: count }, () => statement(choice, choice.pick(stated))).join(' ');
}

const passageEntities = [...entitiesOf('country'), ...entitiesOf('element')];

const listAttributes: readonly (readonly [AttributeName, readonly Fact[]])[] = (
  [
    'capital',
    'currency',
    'language',
    'calling code',
    'symbol',
    'atomic number',
    'meaning',
    'code',
    'result',
    'plural',
  ] as const
).map((attribute) => [
  attribute,
  entities.flatMap((entity) => factsOf(entity).filter((fact) => fact.attribute === attribute && isStated(fact))),
]);

/** Documents that state every fact once, more or less: one round of pretraining text. */
const documentsPerRound = passageEntities.length + 160;

/** Rounds when no count is given. */
const defaultRounds = 40;

export interface PretrainingOptions {
  seed: number;
  count?: number;
  /** Index of the first: the documents of a seed are one endless list, of which this is a slice. */
  start?: number;
}

/**
 * Short passages of plain sentences that state the almanac's facts, each in many words over the rounds. Every round has a
 * passage on each country and each element, and passages of mixed facts between them.
 */
export function pretrainingDocuments(options: PretrainingOptions): string[] {
  const { seed, count = defaultRounds * documentsPerRound, start = 0 } = options;
  let round = -1;
  let order: (Entity | undefined)[] = [];
  return Array.from({ length: count }, (_, offset) => {
    const index = start + offset;
    const current = Math.floor(index / documentsPerRound);
    if (current !== round) {
      round = current;
      const slots = Array.from({ length: documentsPerRound }, (_, slot) => passageEntities[slot]);
      order = new Choice(seed, 'almanac pretraining order', round).shuffle(slots);
    }
    const choice = new Choice(seed, 'almanac pretraining', index);
    const entity = order[index % documentsPerRound];
    if (entity !== undefined) return entityPassage(choice, entity);
    return listPassage(choice, ...choice.pick(listAttributes));
  });
}
