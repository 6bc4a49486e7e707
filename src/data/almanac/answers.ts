import { capitalise } from './phrasing.js';
import type { AttributeName, Entity, Fact, Topic } from './types.js';

const article = (noun: string): string => (/^[aeiou]/i.test(noun) ? 'an' : 'a');

/** One form of answer for each attribute. It restates what was asked, so that a wrong reading of the question shows. */
const templates: Readonly<Record<AttributeName, (entity: Entity, value: string) => string>> = {
  capital: ({ name }, value) => `The capital of ${name} is ${value}.`,
  currency: ({ name }, value) => `The currency of ${name} is the ${value}.`,
  continent: ({ name }, value) => `${name} is in ${value}.`,
  language: ({ name }, value) => `People in ${name} speak ${value}.`,
  'calling code': ({ name }, value) => `The calling code of ${name} is ${value}.`,
  symbol: ({ name }, value) => `The symbol of ${name} is ${value}.`,
  'atomic number': ({ name }, value) => `The atomic number of ${name} is ${value}.`,
  group: ({ name }, value) => `${name} is ${article(value)} ${value}.`,
  meaning: ({ name }, value) => `HTTP ${name} means ${value}.`,
  code: ({ name }, value) => `The status code for ${name} is ${value}.`,
  result: ({ name }, value) => `${name} is ${value}.`,
  plural: ({ name }, value) => `The plural of ${name} is ${value}.`,
};

/** The taught sentence for a value, whether or not it is true. */
export const answerWith = (entity: Entity, attribute: AttributeName, value: string): string =>
  capitalise(templates[attribute](entity, value));

/** The taught answer to a question about a fact. */
export const answerOf = (fact: Fact): string => answerWith(fact.entity, fact.attribute, fact.value);

/** Every answer that counts: the taught sentence with each right value, and the bare values. */
export function acceptedAnswers(fact: Fact): string[] {
  const values = [fact.value, ...fact.alternatives];
  const names = [fact.entity, ...fact.entity.aliases.map((name) => ({ ...fact.entity, name }))];
  const sentences = values.flatMap((value) => names.map((entity) => answerWith(entity, fact.attribute, value)));
  return [...new Set([...sentences, ...values])];
}

const nouns: Readonly<Record<Topic, string>> = {
  country: 'country',
  element: 'element',
  code: 'status code',
  phrase: 'status',
  sum: 'sum',
  plural: 'word',
};

/** What is said of a name that the almanac has not. */
export const unknownNameAnswer = (topic: Topic): string => `I don't know that ${nouns[topic]}.`;

/** What is said of an attribute that the almanac has not. */
export const notOfferedAnswer = (topic: 'country' | 'element'): string =>
  topic === 'country' ? "I don't know that about countries." : "I don't know that about elements.";

/** What is said of anything else. */
export const offTopicAnswer = "I don't know about that.";

/** Whether a text says that it does not know, in whatever words, and begins with it. */
export const isRefusal = (text: string): boolean =>
  /^(sorry,? )?(but )?(i (do not|don't|dont) (know|have)|i have no (idea|answer)|i('m| am) not sure|i (can't|cannot|can not) (say|tell|answer))/i.test(
    text.trim().replace(/[’‘]/g, "'"),
  );
