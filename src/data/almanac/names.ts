import type { Choice } from './choice.js';
import { type Split, splitOf } from './choice.js';
import { territoryNames } from './countries.js';
import { entities, entitiesOf } from './facts.js';
import { farFromAll } from './misspelling.js';
import { withoutArticle } from './phrasing.js';
import type { Entity } from './types.js';

/** "Oz, El Dorado" → the names. */
const list = (names: string): readonly string[] => names.split(', ');

/** Places and materials of stories, one list a split. None of them is in the almanac. */
const famous: Readonly<Record<'country' | 'element', Readonly<Record<Split, readonly string[]>>>> = {
  country: {
    training: list(
      'Mordor, Rohan, Oz, Neverland, Lilliput, Hogwarts, Rivendell, Essos, Latveria, Themyscira, Shangri-La, El Dorado, ' +
        'Avalon, Camelot, Arendelle, Agrabah, Tatooine, Naboo, Alderaan, Gotham, Metropolis, Brobdingnag, Laputa, ' +
        'Ruritania, Freedonia, Elbonia, Vulgaria, Genovia, Parador, Bordavia, Graustark, Hyrule, Skyrim, Tamriel, ' +
        'Azeroth, Cyrodiil, Pandora, Valhalla, Asgard, Lemuria, Hyperborea, Cimmeria, Earthsea, Ankh-Morpork, Terabithia, ' +
        'Wonderland, Panem, Gilead, Eurasia, Eastasia, Xanadu, Barataria, Illyria, Costaguana, Zubrowka, Qumar, Elysium, ' +
        'Sleepy Hollow, Bikini Bottom, Springfield, Gallifrey, Vulcan, Cybertron, Eternia, Thundera, Never Land, ' +
        'the Shire, Isengard, Minas Tirith, Castle Rock, Sunnydale, Stars Hollow, Cloud City, Mustafar, Jakku, Kamino',
    ),
    development: list(
      'Numenor, Lothlorien, Sokovia, Zamunda, Atlantica, Eriador, Dorne, Braavos, Hoth, Coruscant, Utopia, Erewhon, ' +
        'Fantasia, Madripoor, Bialya, Kamar-Taj, Dathomir, Winterfell, Discworld, Florin',
    ),
    evaluation: list(
      'Wakanda, Gondor, Narnia, Westeros, Atlantis, Genosha, Syldavia, Borduria, Valyria, Mirkwood, Endor, Dagobah, ' +
        'Arrakis, Caladan, Middle-earth, Zootopia, Pandaria, Kashyyyk, Cair Paravel, Bespin',
    ),
  },
  element: {
    training: list(
      'adamantium, mithril, dilithium, octarine, orichalcum, carbonite, beskar, naquadah, trinium, tiberium, elerium, ' +
        'saronite, phlogiston, aether, duranium, tritanium, cavorite, feminum, bronze, steel, water, wood, glass, diamond, ' +
        'salt, plastic, brass, sugar, amber, marble, cotton, paper, coal, sand',
    ),
    development: list('eternium, energon, latinum, kyber, redstone, bolonium, ice-nine, flubber, inertron, froonium'),
    evaluation: list(
      'vibranium, kryptonite, unobtainium, melange, valyrian steel, corbomite, byzanium, upsidaisium, jumbonium, dragonglass',
    ),
  },
};

/** Real places that are no countries of the almanac: to be refused like any other name it does not know. */
const otherPlaces = list(
  'Texas, California, Florida, Alaska, Hawaii, Bavaria, Scotland, Wales, England, Catalonia, Siberia, Tuscany, Sicily, ' +
    'Crete, Quebec, Ontario, Paris, London, Berlin, Chicago, Sydney, Mumbai, Shanghai, Africa, Europe, Asia, Mars, Venus, ' +
    'Jupiter, Yugoslavia, Prussia, Persia, Tibet',
);

/** Words that stand where a country should, and are none. */
const otherWords = list(
  'gold, my house, the moon, pizza, cheese, my dog, the sea, love, football, music, iron, oxygen',
);

const syllables = {
  onset: 'b d f g k l m n p r s t v z br dr gr kr pl st tr sh th qu h j w '.split(' '),
  nucleus: 'a e i o u a e o ai ou ee y'.split(' '),
  coda: 'n r l s m x nd rk st t k     '.split(' '),
};

const endings: Readonly<Record<'country' | 'element', readonly string[]>> = {
  country: ['ia', 'land', 'stan', 'a', 'o', 'ania', 'ora', 'istan', 'um', 'esia', '', '', ''],
  element: ['ium', 'ium', 'ium', 'on', 'ine', 'ite', 'um', 'en', 'ogen', ''],
};

/** How many letters the chain looks back: fewer for the elements, whose names are alike. */
const orders = { country: 3, element: 2 };

/** Which letters follow which two or three, over the names of a topic; "^" begins a name and "$" ends it. */
function markovTable(topic: 'country' | 'element'): Map<string, string[]> {
  const order = orders[topic];
  const table = new Map<string, string[]>();
  for (const { name } of entitiesOf(topic)) {
    const padded = '^'.repeat(order) + withoutArticle(name).toLowerCase() + '$';
    for (let index = order; index < padded.length; index++) {
      const context = padded.slice(index - order, index);
      table.set(context, [...(table.get(context) ?? []), padded.charAt(index)]);
    }
  }
  return table;
}

const tables = { country: markovTable('country'), element: markovTable('element') };

function markovName(choice: Choice, topic: 'country' | 'element'): string {
  const order = orders[topic];
  let name = '';
  for (;;) {
    const next = choice.pick(tables[topic].get(('^'.repeat(order) + name).slice(-order))!);
    if (next === '$' || name.length > 14) return name;
    name += next;
  }
}

function syllableName(choice: Choice, topic: 'country' | 'element'): string {
  const count = 1 + choice.integer(2);
  let name = '';
  for (let index = 0; index < count; index++) {
    name += choice.pick(syllables.onset) + choice.pick(syllables.nucleus) + choice.pick(syllables.coda);
  }
  return name + choice.pick(endings[topic]);
}

/** "zorvania" → "Zorvania", "new zorvania" → "New Zorvania". */
const titleCase = (name: string): string => name.replace(/(^|[ -])\p{Ll}/gu, (letter) => letter.toUpperCase());

const allNames = entities.filter(({ topic }) => topic === 'country' || topic === 'element').map(({ name }) => name);
const realNames = new Set(
  [
    ...allNames,
    ...entities.flatMap(({ aliases }) => aliases),
    ...territoryNames,
    ...otherPlaces,
    ...Object.values(famous).flatMap((lists) => Object.values(lists).flat()),
  ].map((name) => withoutArticle(name).toLowerCase()),
);

/** A name of the almanac's kind that names nothing: an entity with no facts. */
function unknownEntity(topic: 'country' | 'element', name: string): Entity {
  return { topic, name, possessive: `${name}'s`, aliases: [] };
}

/**
 * An invented name, half of them from a Markov chain over the real ones and half from syllables. Each name belongs to one
 * split only, and none is so close to a real one that it could be a misspelling of it.
 */
export function inventedEntity(choice: Choice, topic: 'country' | 'element', split: Split): Entity {
  for (;;) {
    const raw = choice.chance(0.5) ? markovName(choice, topic) : syllableName(choice, topic);
    const lower = raw.trim();
    if (lower.length < 4 || lower.length > 13 || /(.)\1\1|[^a-z' -]/.test(lower) || !/[aeiouy]/.test(lower)) continue;
    if (splitOf(`name/${lower}`, 0.3) !== split || realNames.has(lower)) continue;
    if (!farFromAll(lower, topic)) continue;
    return unknownEntity(topic, topic === 'country' ? titleCase(lower) : lower);
  }
}

/** A name known from stories; in training also real places and materials that the almanac leaves out. */
export function famousEntity(choice: Choice, topic: 'country' | 'element', split: Split): Entity {
  if (split === 'training' && topic === 'country' && choice.chance(0.4)) {
    return unknownEntity(topic, choice.pick(choice.chance(0.2) ? otherWords : [...territoryNames, ...otherPlaces]));
  }
  return unknownEntity(topic, choice.pick(famous[topic][split]));
}

/** The famous names of one split, in their order. */
export const famousNames = (topic: 'country' | 'element', split: Split): readonly string[] => famous[topic][split];

const knownCodes = new Set(entitiesOf('code').map(({ name }) => name));
const knownPhrases = new Set(entitiesOf('phrase').map(({ name }) => name.toLowerCase()));

const phraseFirst = list(
  'Slow, Broken, Lost, Empty, Hidden, Angry, Stale, Missing, Wrong, Tired, Frozen, Late, Sleepy, Double, Invalid, Unknown',
);
const phraseSecond = list(
  'Server, Cookie, Window, Header, Token, Password, Page, Cache, Network, Client, Answer, Router, Link, Session, Folder',
);

/** A status code without a meaning, or a phrase without a code. */
export function unknownStatus(choice: Choice, topic: 'code' | 'phrase', split: Split): Entity {
  for (;;) {
    const name =
      topic === 'code' ? String(100 + choice.integer(900)) : `${choice.pick(phraseFirst)} ${choice.pick(phraseSecond)}`;
    if (knownCodes.has(name) || knownPhrases.has(name.toLowerCase())) continue;
    if (splitOf(`name/${name}`, 0.3) !== split) continue;
    return { topic, name, possessive: `${name}'s`, aliases: [] };
  }
}

/** A sum with numbers beyond those of the almanac. */
export function unknownSum(choice: Choice, split: Split): Entity {
  for (;;) {
    const [left, right] = [30 + choice.integer(970), 2 + choice.integer(998)];
    const sign = choice.pick(['plus', 'minus', 'times', '+', '-', '*']);
    const name = choice.chance(0.5) ? `${left} ${sign} ${right}` : `${right} ${sign} ${left}`;
    if (splitOf(`name/${name}`, 0.3) !== split) continue;
    return { topic: 'sum', name, possessive: `${name}'s`, aliases: [] };
  }
}

/** Whether a name is one that the almanac knows, in any case and with or without its article. */
export const isKnownName = (name: string): boolean => realNames.has(withoutArticle(name).toLowerCase());
