import { type Choice, type Split, splitOf } from './choice.js';
import { entitiesOf } from './facts.js';
import { withoutArticle } from './phrasing.js';
import type { Entity, Topic } from './types.js';

/** Insertions, deletions, substitutions and swaps of neighbours between two words (Damerau; each letter edited once). */
export function editDistance(left: string, right: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        best = Math.min(best, before[column - 2]! + 1);
      }
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[right.length]!;
}

const namesOf = (topic: Topic): readonly string[] =>
  entitiesOf(topic).flatMap(({ name, aliases }) =>
    [name, ...aliases].map((each) => withoutArticle(each).toLowerCase()),
  );

/** Which of the letters a to z a word has, one bit each. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let index = 0; index < word.length; index++) letters |= 1 << (word.charCodeAt(index) - 97);
  return letters;
}

const known = Object.fromEntries(
  (['country', 'element'] as const).map((topic) => [
    topic,
    namesOf(topic).map((name) => ({ name, letters: lettersOf(name) })),
  ]),
) as Record<'country' | 'element', { name: string; letters: number }[]>;

function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}

/** Whether a name other than `own` is fewer than `least` slips away. */
function isCloseToOne(name: string, topic: 'country' | 'element', least: number, own?: string): boolean {
  const letters = lettersOf(name);
  return known[topic].some(
    (real) =>
      real.name !== own &&
      Math.abs(real.name.length - name.length) < least &&
      // A slip removes at most one letter that the other word has not: this spares most of the work.
      bitCount(letters & ~real.letters) < least &&
      editDistance(name, real.name) < least,
  );
}

const words = {
  country: [...new Set(namesOf('country').flatMap((name) => [name, ...name.split(/[ -]/)]))],
  element: namesOf('element'),
};

/** Whether a name is so unlike every real one that nobody would take it for that one, misspelt or cut short. */
export function farFromAll(name: string, topic: 'country' | 'element'): boolean {
  if (isCloseToOne(name, topic, name.length > 6 ? 3 : 2)) return false;
  return !words[topic].some((word) => word.startsWith(name) || (word.length > 4 && name.startsWith(word)));
}

/** For each letter of the alphabet, those that it is easily taken for. */
const neighbours = 'es vn ks sf iar gd hf gj eyo hk cl k n m iau o k te zac ry oi b v z iu s'.split(' ');

/** One slip of the keys inside a word: its first letter stays. */
function slip(choice: Choice, word: string): string {
  const at = 1 + choice.integer(word.length - 1);
  const [head, letter, tail] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)];
  switch (choice.integer(4)) {
    case 0:
      return head + tail;
    case 1:
      return head + letter + letter + tail;
    case 2:
      return tail === '' ? head + tail : head + tail.charAt(0) + letter + tail.slice(1);
    default:
      return head + choice.pick((neighbours[letter.charCodeAt(0) - 97] ?? 'e').split('')) + tail;
  }
}

/**
 * The entity under a misspelt name that is still closest to its own, or undefined when the name is too short for one.
 * Each misspelling belongs to one split only.
 */
export function misspelt(choice: Choice, entity: Entity, split: Split): Entity | undefined {
  if (entity.topic !== 'country' && entity.topic !== 'element') return undefined;
  const words = entity.name.split(' ');
  const at = choice.integer(words.length);
  const word = words[at]!;
  if (word.length < 5) return undefined;
  const own = withoutArticle(entity.name).toLowerCase();
  for (let attempt = 0; attempt < 40; attempt++) {
    const wrong = slip(choice, word);
    const name = words.with(at, wrong).join(' ');
    const lower = withoutArticle(name).toLowerCase();
    if (wrong === word || splitOf(`misspelling/${lower}`, 0.3) !== split) continue;
    if (isCloseToOne(lower, entity.topic, 3, own)) continue;
    return { ...entity, name, possessive: entity.possessive.replace(entity.name, name) };
  }
  return undefined;
}

/** Common misspellings of the words of questions: for training | for development | for evaluation. */
const wrongWords: Readonly<Record<string, string>> = {
  capital: 'capitol captial capitel capitl | capitla caiptal | cpaital capittal capial',
  currency: 'curency currancy curreny currncy | curruncy currecy | currensy currenncy',
  continent: 'continet contenent contient | continant contiennt | contintent continnent',
  language: 'langauge languge langage lenguage | lanuage languag | languagee languaeg',
  calling: 'caling callin callling | calliing | callng',
  symbol: 'symbl simbol symbole | symobl | symbel sybmol',
  atomic: 'atmoic atomc attomic | atoimc | atomik aotmic',
  number: 'numbr nubmer numer | numberr | nummber numbe',
  plural: 'plurel plurl prulal | pluarl | plurral plual',
  what: 'waht wat whta | hwat | whaat wha',
  which: 'wich whcih whitch | whihc | whch wihch',
  the: 'teh th hte | tge | thee tthe',
  tell: 'tel tlel | telll | tekl etll',
  know: 'konw knwo | knoww | kwno kno',
};

const place: Readonly<Record<Split, number>> = { training: 0, development: 1, evaluation: 2 };

/** The text with one of its common words misspelt, or undefined when it has none of them. */
export function misspellWord(choice: Choice, text: string, split: Split): string | undefined {
  const present = Object.keys(wrongWords).filter((word) => new RegExp(`\\b${word}\\b`, 'i').test(text));
  if (present.length === 0) return undefined;
  const word = choice.pick(present);
  const wrong = choice.pick(wrongWords[word]!.split(' | ')[place[split]]!.split(' '));
  return text.replace(new RegExp(`\\b${word}\\b`, 'i'), (found) =>
    found.charAt(0) === found.charAt(0).toUpperCase() ? wrong.charAt(0).toUpperCase() + wrong.slice(1) : wrong,
  );
}
