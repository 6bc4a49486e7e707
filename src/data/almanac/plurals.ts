import type { Fact } from './types.js';

/** Nouns whose plural has to be known. */
const irregular: Readonly<Record<string, string>> = {
  man: 'men',
  woman: 'women',
  child: 'children',
  person: 'people',
  mouse: 'mice',
  louse: 'lice',
  goose: 'geese',
  tooth: 'teeth',
  foot: 'feet',
  ox: 'oxen',
  sheep: 'sheep',
  deer: 'deer',
  fish: 'fish',
  leaf: 'leaves',
  wolf: 'wolves',
  knife: 'knives',
  wife: 'wives',
  life: 'lives',
  half: 'halves',
  shelf: 'shelves',
  thief: 'thieves',
  loaf: 'loaves',
  calf: 'calves',
  scarf: 'scarves',
  elf: 'elves',
  hero: 'heroes',
  potato: 'potatoes',
  tomato: 'tomatoes',
  echo: 'echoes',
  crisis: 'crises',
  oasis: 'oases',
  cactus: 'cacti',
  index: 'indices',
  analysis: 'analyses',
  phenomenon: 'phenomena',
};

const regular = (
  'cat dog house car tree book table chair river mountain city baby lady story party country family army penny berry ' +
  'cherry puppy fly sky spy box fox tax bus glass class dress kiss church bench watch match peach beach witch dish brush ' +
  'bush wish bird horse cow pig hen duck bear lion tiger king queen prince doctor teacher farmer sailor soldier door ' +
  'window wall roof garden road bridge boat ship train plane wheel stone star moon sun cloud storm island lake sea hill ' +
  'forest flower apple pear orange lemon cake egg spoon fork plate cup bottle clock lamp bed key lock coin letter word ' +
  'song game toy day boy monkey donkey valley journey way ray hat coat shoe shirt button pocket hand finger arm leg nose ' +
  'eye ear neck face brother sister uncle aunt cousin friend nurse pencil paper bell drum flag'
).split(' ');

/** The rules of English spelling that the regular nouns above follow. */
function regularPlural(noun: string): string {
  if (/(s|x|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return `${noun}s`;
}

const alsoRight: Readonly<Record<string, readonly string[]>> = {
  cactus: ['cactuses'],
  fish: ['fishes'],
  index: ['indexes'],
  person: ['persons'],
  scarf: ['scarfs'],
};

const irregularNouns = new Set(Object.keys(irregular));

export const isIrregular = (noun: string): boolean => irregularNouns.has(noun);

/** Plurals of common nouns: regular ones of each spelling rule, and irregular ones. */
export const pluralFactList: readonly Fact[] = [
  ...Object.entries(irregular),
  ...regular.map((noun): [string, string] => [noun, regularPlural(noun)]),
].map(([noun, plural]) => ({
  key: `plural/${noun}`,
  entity: { topic: 'plural', name: noun, possessive: `${noun}'s`, aliases: [] },
  attribute: 'plural',
  value: plural,
  alternatives: alsoRight[noun] ?? [],
}));
