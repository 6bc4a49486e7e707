import { type Choice, type Split, splitOf } from './choice.js';
import type { Pattern } from './phrasing.js';
import { askFor, askOn } from './phrasing.js';

const list = (words: string): readonly string[] => words.split(', ');

/** What people want to know of countries and elements, and the almanac does not have: one list a split. */
const notOffered: Readonly<Record<'country' | 'element', Readonly<Record<Split, readonly string[]>>>> = {
  country: {
    training: list(
      'population, president, area, flag, national anthem, highest mountain, king, queen, time zone, weather, religion, ' +
        'longest river, size, national dish, prime minister, climate, largest city, army, coastline, history, food, ' +
        'national bird, best hotel, main airport, age, richest person, biggest lake, favourite sport, temperature, ' +
        'literacy rate, border, oldest town, main export, tax rate, number of people, government, parliament, ' +
        'symbol, atomic number, group, plural, meaning, national animal, internet domain, birth rate, ' +
        'railway, coat of arms, leader, founder, motto, second city, tallest building, poorest region, name in French',
    ),
    development: list(
      'GDP, emperor, rainfall, national tree, largest island, postal code, military, economy, crime rate',
    ),
    evaluation: list(
      'national flower, head of state, life expectancy, deepest lake, independence day, minimum wage, football team, ' +
        'average income, oldest university, state religion, newspaper',
    ),
  },
  element: {
    training: list(
      'melting point, density, colour, price, discoverer, atomic weight, smell, hardness, use, taste, year of discovery, ' +
        'capital, currency, language, calling code, continent, president, age, cost, radius, temperature, history, origin, ' +
        'charge, shape, plural, meaning, population, spin, isotope, purity, main ore, name in Latin, heat, producer',
    ),
    development: list('freezing point, weight, half-life, atomic mass, inventor, texture, toxicity'),
    evaluation: list(
      'boiling point, electronegativity, conductivity, market value, look, crystal structure, main use, mass',
    ),
  },
};

/** "the population of Peru", "Peru's population"; the head is what is not offered. */
const nounsFor = (heads: readonly string[]): string[] =>
  heads.flatMap((head) => [`the ${head} of {e}`, `{es} ${head}`]);

const itsNounsFor = (heads: readonly string[]): string[] => heads.flatMap((head) => [`its ${head}`, `the ${head}`]);

const splits: readonly Split[] = ['training', 'development', 'evaluation'];
const topics = ['country', 'element'] as const;

const table = (make: (heads: readonly string[], topic: string) => readonly Pattern[]) =>
  new Map(
    topics.map((topic) => [
      topic,
      Object.fromEntries(splits.map((split) => [split, make(notOffered[topic][split], topic)])) as Record<
        Split,
        Pattern[]
      >,
    ]),
  );

const questions = table((heads, topic) => askFor(`not offered ${topic}`, nounsFor(heads)));
const itsQuestions = table((heads, topic) => askOn(`not offered ${topic}`, itsNounsFor(heads)));

/** A question for something that the almanac has of no country or element. */
export const notOfferedPattern = (choice: Choice, topic: 'country' | 'element', split: Split): Pattern =>
  choice.pick(questions.get(topic)![split]);

/** The same as a follow-up: "And its population?". */
export const notOfferedFollowUp = (choice: Choice, topic: 'country' | 'element', split: Split): Pattern =>
  choice.pick(itsQuestions.get(topic)![split]);

/** The words for what is not offered, for tests and tables. */
export const notOfferedWords = (topic: 'country' | 'element', split: Split): readonly string[] =>
  notOffered[topic][split];

/** Requests that have nothing to do with an almanac: a frame, and what may stand in its place. */
const requests: readonly (readonly [frames: readonly string[], fillers: readonly string[]])[] = [
  [
    ['How do I {x}?', 'How can I {x}?', 'Can you tell me how to {x}?', 'Teach me how to {x}.', 'I want to {x}.'],
    list(
      'cook rice, fix a bike, tie a knot, bake bread, learn the piano, sleep better, make tea, grow tomatoes, train a dog, ' +
        'build a house, win at chess, write a letter, swim faster, paint a wall, get rich, find a job, clean a window, ' +
        'sew a button, catch a fish, lose weight',
    ),
  ],
  [
    ['Write {x}.', 'Write me {x}.', 'Please write {x}.', 'Can you write {x}?', 'Tell me {x}.', 'I would like {x}.'],
    list(
      'a poem, a song, a story, a joke, a fairy tale, a letter, a limerick, a poem about the sea, a story about a dog, ' +
        'a riddle, a poem about love, a bedtime story, a haiku, a speech, a funny joke, a short essay, a rhyme',
    ),
  ],
  [
    ['Who {x}?', 'Do you know who {x}?', 'Can you tell me who {x}?', 'Tell me who {x}.'],
    list(
      'wrote Hamlet, won the war, invented the telephone, painted the Mona Lisa, won the game last night, discovered ' +
        'America, built the pyramids, is the richest man alive, wrote the Bible, is the best singer, won the world cup, ' +
        'is my teacher, sang that song, was the first man on the moon, invented the wheel, is on the phone',
    ),
  ],
  [
    [
      'What is {x}?',
      "What's {x}?",
      'Tell me about {x}.',
      'Can you explain {x}?',
      'Explain {x} to me.',
      'Do you know {x}?',
    ],
    list(
      'love, the meaning of life, the weather today, your favourite colour, the time, the best film, happiness, a black ' +
        'hole, the price of milk, the date today, the speed of light, music, the news, democracy, gravity, my name, ' +
        'the distance to the moon, a computer, the theory of relativity, philosophy, jazz, the stock market',
    ),
  ],
  [
    ['Why {x}?', 'Hi, why {x}?', 'Tell me: why {x}?'],
    list(
      'is the sky blue, do cats purr, do birds fly, is water wet, do we dream, are leaves green, is snow white, do we laugh, ' +
        'is the sea salty, do people lie, are you here, do dogs bark',
    ),
  ],
  [
    [
      'Translate {x} into French.',
      'How do you say {x} in German?',
      'Spell {x}.',
      'What rhymes with {x}?',
      'Define {x}.',
    ],
    list('hello, water, good night, bread, house, friend, yes, apple, winter, thank you, bicycle, love'),
  ],
  [
    ['{x}', '{x} please', 'Hey, {x}'],
    list(
      'open the door, play some music, call my mother, order a pizza, turn on the light, set an alarm, book a flight, ' +
        'buy some milk, help me with my homework, wake me at six, sing a song, tell me a secret, blah blah, asdf, la la la',
    ),
  ],
];

const offTopic: Record<Split, string[]> = { training: [], development: [], evaluation: [] };
for (const [frames, fillers] of requests) {
  for (const filler of fillers) {
    // What is asked for is held out, not the way of asking.
    const split = splitOf(`off topic/${filler}`, 0.24);
    for (const frame of frames) offTopic[split].push(fill(frame, filler));
  }
}

function fill(frame: string, filler: string): string {
  const text = frame.replace('{x}', filler);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A request that no almanac answers. */
export const offTopicRequest = (choice: Choice, split: Split): string => choice.pick(offTopic[split]);

export const offTopicRequests = (split: Split): readonly string[] => offTopic[split];
