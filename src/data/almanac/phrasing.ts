import { type Split, splitOf } from './choice.js';
import type { AttributeName, Entity, Topic } from './types.js';

/**
 * A way to ask, with places for the name: {e} "the Netherlands", {es} "the Netherlands'", {b} without its article.
 * The id is made from the text, so two crossings that come out the same are one, and in one split.
 */
export interface Pattern {
  id: string;
  text: string;
  /** The noun for what is asked, where the pattern was crossed from one. */
  noun?: string;
}

/** The share of all crossings that training never sees, half for development and half for evaluation. */
const heldOut = 0.2;

/** A question around the noun for what is asked: {n} "the capital of Peru", {b} without its article. */
const openers = [
  'What is {n}?',
  "What's {n}?",
  'Tell me {n}.',
  'Can you tell me {n}?',
  'Could you tell me {n}?',
  'Please tell me {n}.',
  'Do you know {n}?',
  'Do you happen to know {n}?',
  'Do you know what {n} is?',
  'Can you tell me what {n} is?',
  'I would like to know {n}.',
  'I want to know {n}.',
  'I need to know {n}.',
  'I wonder what {n} is.',
  'Any idea what {n} is?',
  'Remind me what {n} is.',
  'Give me {n}.',
  '{nb}?',
  '{nb}, please.',
  'So what is {n}?',
  'Quick question: what is {n}?',
  'Hi, what is {n}?',
  'Hello, can you tell me {n}?',
  'Hey, do you know {n}?',
];

/** Openers that no training text has in any crossing: harder than a held-out crossing. */
const newOpeners: Readonly<Record<Exclude<Split, 'training'>, readonly string[]>> = {
  development: ['Would you mind telling me {n}?', 'I forgot what {n} is.', 'My question is about {n}.'],
  evaluation: [
    'I am trying to remember {n}.',
    'Help me out: what is {n}?',
    'Let me know {n}.',
    'I am looking for {n}.',
  ],
};

/** What may stand before a question that is whole in itself. */
const leads = [
  '',
  'Hi! ',
  'Hello! ',
  'Hello. ',
  'Hey, ',
  'OK, ',
  'So, ',
  'Quick question: ',
  'One question: ',
  'I have a question. ',
  'Please tell me: ',
  'Tell me: ',
  'Can you help me? ',
  'Do you know this? ',
  'Good morning! ',
];

/** Nouns for what is asked, and questions that are whole in themselves. */
const forms: Readonly<Record<AttributeName, { nouns: readonly string[]; questions: readonly string[] }>> = {
  capital: {
    nouns: ['the capital of {e}', '{es} capital', 'the capital city of {e}', '{es} capital city'],
    questions: ['Which city is the capital of {e}?', 'What city is {es} capital?', '{b} capital?'],
  },
  currency: {
    nouns: [
      'the currency of {e}',
      '{es} currency',
      'the currency used in {e}',
      'the money used in {e}',
      'the official currency of {e}',
    ],
    questions: [
      'Which currency does {e} use?',
      'What currency is used in {e}?',
      'What money do people use in {e}?',
      'What do people pay with in {e}?',
      '{b} currency?',
    ],
  },
  continent: {
    nouns: ['the continent of {e}', '{es} continent'],
    questions: [
      'Which continent is {e} in?',
      'What continent is {e} in?',
      'On which continent is {e}?',
      'Where is {e}?',
      'Where in the world is {e}?',
      'What is {e}?',
      'What do you know about {e}?',
      '{b} continent?',
    ],
  },
  language: {
    nouns: [
      'the language of {e}',
      '{es} language',
      'the main language of {e}',
      'the language spoken in {e}',
      'the official language of {e}',
    ],
    questions: [
      'Which language do people speak in {e}?',
      'What language is spoken in {e}?',
      'What do people speak in {e}?',
      'What language do they speak in {e}?',
      '{b} language?',
    ],
  },
  'calling code': {
    nouns: [
      'the calling code of {e}',
      '{es} calling code',
      'the phone code of {e}',
      'the dialling code of {e}',
      'the calling code for {e}',
    ],
    questions: [
      'Which calling code does {e} have?',
      'What number do I dial to call {e}?',
      'Which phone code does {e} have?',
      '{b} calling code?',
    ],
  },
  symbol: {
    nouns: ['the symbol of {e}', '{es} symbol', 'the chemical symbol of {e}', 'the symbol for {e}'],
    questions: [
      'Which symbol does {e} have?',
      'Which symbol stands for {e}?',
      'How do chemists write {e}?',
      '{b} symbol?',
    ],
  },
  'atomic number': {
    nouns: [
      'the atomic number of {e}',
      '{es} atomic number',
      'the number of protons in {e}',
      'the atomic number for {e}',
    ],
    questions: ['Which atomic number does {e} have?', 'How many protons does {e} have?', '{b} atomic number?'],
  },
  group: {
    nouns: ['the group of {e}', '{es} group', 'the chemical group of {e}', 'the element group of {e}'],
    questions: [
      'Which group is {e} in?',
      'Which group does {e} belong to?',
      'What kind of element is {e}?',
      'What type of element is {e}?',
      'What is {e}?',
      'What do you know about {e}?',
      '{b} group?',
    ],
  },
  meaning: {
    nouns: [
      'the meaning of HTTP {e}',
      'the meaning of status code {e}',
      'the meaning of HTTP status {e}',
      'HTTP status {e}',
    ],
    questions: [
      'What does HTTP {e} mean?',
      'What does status code {e} mean?',
      'What does the HTTP code {e} mean?',
      'HTTP {e}?',
    ],
  },
  code: {
    nouns: ['the status code for {e}', 'the HTTP code for {e}', 'the HTTP status code for {e}', 'the code for {e}'],
    questions: [
      'Which status code means {e}?',
      'Which HTTP code is {e}?',
      'Which code stands for {e}?',
      '{e} status code?',
    ],
  },
  result: {
    nouns: ['{e}', 'the result of {e}', 'the answer to {e}'],
    questions: ['How much is {e}?', 'What does {e} make?', 'What does {e} equal?', '{e}?', '{e} = ?'],
  },
  plural: {
    nouns: ['the plural of {e}', 'the plural form of {e}', 'the plural of the word {e}', 'the plural of the noun {e}'],
    questions: [
      'How do I write {e} in the plural?',
      'What do you call more than one {e}?',
      '{e} plural?',
      'One {e}, two what?',
    ],
  },
};

/** Going on with the same thing: {n} is "its capital". */
const itsOpeners = [
  'And {n}?',
  'What about {n}?',
  'How about {n}?',
  'And what about {n}?',
  'And what is {n}?',
  'What is {n}?',
  'So what is {n}?',
  'Also, what is {n}?',
  'Then what is {n}?',
  'And do you know {n}?',
  'Can you also tell me {n}?',
  'Tell me {n} too.',
  'Now tell me {n}.',
  '{n}?',
  'And {n}, please?',
  'OK, and {n}?',
  'Thanks. And {n}?',
  'Great, and {n}?',
];

const itsLeads = [
  '',
  'And ',
  'OK, ',
  'Also, ',
  'Now, ',
  'So, ',
  'Thanks. ',
  'Great. ',
  'OK. And ',
  'Thank you. And ',
  'I see. ',
];

const itsForms: Partial<Record<AttributeName, { nouns: readonly string[]; questions: readonly string[] }>> = {
  capital: {
    nouns: ['its capital', 'the capital', 'its capital city', 'the capital there'],
    questions: ['which city is its capital?', 'which city is the capital?'],
  },
  currency: {
    nouns: ['its currency', 'the currency', 'the currency there', 'its money'],
    questions: ['which currency does it use?', 'what do people pay with there?', 'what money do they use there?'],
  },
  continent: {
    nouns: ['its continent', 'the continent'],
    questions: ['which continent is it in?', 'where is it?', 'what continent is it in?'],
  },
  language: {
    nouns: ['its language', 'the language', 'the language there', 'its main language'],
    questions: ['what language do they speak there?', 'which language is spoken there?', 'what do people speak there?'],
  },
  'calling code': {
    nouns: ['its calling code', 'the calling code', 'its phone code', 'its dialling code'],
    questions: ['which calling code does it have?', 'what number do I dial to call it?'],
  },
  symbol: {
    nouns: ['its symbol', 'the symbol', 'its chemical symbol'],
    questions: ['which symbol does it have?', 'which symbol stands for it?'],
  },
  'atomic number': {
    nouns: ['its atomic number', 'the atomic number', 'its number of protons'],
    questions: ['which atomic number does it have?', 'how many protons does it have?'],
  },
  group: {
    nouns: ['its group', 'the group', 'its chemical group'],
    questions: ['which group is it in?', 'which group does it belong to?', 'what kind of element is it?'],
  },
};

/** Going on with the same question for another thing: {n} is "Peru", "Peru's". */
const switchOpeners = [
  'And {n}?',
  'What about {n}?',
  'How about {n}?',
  'And what about {n}?',
  'And how about {n}?',
  'So what about {n}?',
  'Then what about {n}?',
  'OK, what about {n}?',
  'Now {n}.',
  '{n}?',
  'And {n}, please?',
  'OK, and {n}?',
  'Thanks. And {n}?',
  'Great, and {n}?',
  'And now {n}?',
  'Also {n}, please.',
];

const switchForms: Readonly<Record<Topic, readonly string[]>> = {
  country: ['{e}', '{es}', 'that of {e}'],
  element: ['{e}', '{es}', 'that of {e}'],
  code: ['{e}', 'HTTP {e}', 'status {e}', 'code {e}'],
  phrase: ['{e}', 'the status {e}', 'the phrase {e}'],
  sum: ['{e}', 'the sum {e}'],
  plural: ['{e}', 'the word {e}', 'the noun {e}'],
};

/** "the Netherlands" → "Netherlands". */
export const withoutArticle = (text: string): string => text.replace(/^the /, '');

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const bySplit = (patterns: readonly Pattern[]): Record<Split, Pattern[]> => {
  const result: Record<Split, Pattern[]> = { training: [], development: [], evaluation: [] };
  for (const pattern of patterns) result[splitOf(`phrasing/${pattern.id}`, heldOut)].push(pattern);
  return result;
};

const cross = (topic: string, frames: readonly string[], nouns: readonly string[]): Pattern[] =>
  frames.flatMap((frame) =>
    nouns.map((noun) => {
      const text = capitalise(frame.replace('{nb}', withoutArticle(noun)).replace('{n}', noun));
      return { id: `${topic}/${text}`, text, noun };
    }),
  );

const crossLeads = (topic: string, fronts: readonly string[], questions: readonly string[]): Pattern[] =>
  fronts.flatMap((lead) =>
    questions.map((question) => {
      // After a comma, a colon or "And" a question goes on in lower case.
      const text = lead + (/[,:d] $/.test(lead) ? uncapitalise(question) : capitalise(question));
      return { id: `${topic}/${text}`, text };
    }),
  );

const uncapitalise = (text: string): string =>
  /^(What|Which|Where|How|On|One) /.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;

const attributes = Object.keys(forms) as AttributeName[];

const makePatterns = (make: (attribute: AttributeName) => Pattern[]): Map<AttributeName, Record<Split, Pattern[]>> =>
  new Map(attributes.map((attribute) => [attribute, bySplit(make(attribute))]));

const questionPatterns = makePatterns((attribute) => [
  ...cross(attribute, openers, forms[attribute].nouns),
  ...crossLeads(attribute, leads, forms[attribute].questions),
]);

const itsPatterns = makePatterns((attribute) => {
  const { nouns = [], questions = [] } = itsForms[attribute] ?? {};
  return [...cross(`its ${attribute}`, itsOpeners, nouns), ...crossLeads(`its ${attribute}`, itsLeads, questions)];
});

const topics = Object.keys(switchForms) as Topic[];
const switchPatterns = new Map(
  topics.map((topic) => [topic, bySplit(cross(`switch ${topic}`, switchOpeners, switchForms[topic]))]),
);

/** Ways to ask for an attribute with nothing before it. Those of the three splits have no crossing in common. */
export const questionsFor = (attribute: AttributeName, split: Split): readonly Pattern[] =>
  questionPatterns.get(attribute)?.[split] ?? [];

/** Ways to ask for another attribute of what was just spoken of; none for what has only one attribute. */
export const itsQuestionsFor = (attribute: AttributeName, split: Split): readonly Pattern[] =>
  itsPatterns.get(attribute)?.[split] ?? [];

/** Ways to ask for the same attribute of something else. */
export const switchQuestionsFor = (topic: Topic, split: Split): readonly Pattern[] =>
  switchPatterns.get(topic)?.[split] ?? [];

/** Ways to ask whose opener no training text has. */
export const newOpenersFor = (attribute: AttributeName, split: Exclude<Split, 'training'>): readonly Pattern[] =>
  cross(attribute, newOpeners[split], forms[attribute].nouns);

/** The openers crossed with nouns of the caller's own, such as attributes that the almanac has not. */
export const askFor = (topic: string, nouns: readonly string[]): readonly Pattern[] => cross(topic, openers, nouns);

/** The follow-up openers crossed with nouns of the caller's own. */
export const askOn = (topic: string, nouns: readonly string[]): readonly Pattern[] => cross(topic, itsOpeners, nouns);

/** The pattern with a thing's name, or another name for it, in place. */
export function phrase(pattern: Pattern, entity: Pick<Entity, 'name' | 'possessive'>): string {
  const text = pattern.text
    .replaceAll('{es}', entity.possessive)
    .replaceAll('{e}', entity.name)
    .replaceAll('{b}', withoutArticle(entity.name));
  return capitalise(text);
}
