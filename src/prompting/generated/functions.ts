import { type Choice, type Split, splitOf } from '../../data/almanac/choice.js';

/**
 * Small functions that are told by examples alone: no word says which one is meant. What a model can learn of them in
 * training is how to look into its prompt, for the functions that are asked about later are none that it met.
 */
export interface ExampleFunction {
  readonly family: FunctionFamily;
  /** Which function of its family; equal names, equal functions. */
  readonly name: string;
  readonly example: (choice: Choice) => { readonly input: string; readonly output: string };
}

const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');

const kinds: Readonly<Record<string, readonly string[]>> = {
  animal: 'dog cat horse cow pig sheep goat hen duck fox wolf bear lion mouse bee ant'.split(' '),
  colour: 'red blue green white black brown yellow pink grey purple orange gold silver violet tan rose'.split(' '),
  food: 'bread cheese rice soup meat fish egg milk butter salt sugar apple pear plum cake honey'.split(' '),
  tool: 'hammer saw nail axe spade knife rope ladder brush drill needle fork spoon hook broom pump'.split(' '),
  body: 'hand foot head arm leg eye ear nose mouth knee neck back chest thumb tongue tooth'.split(' '),
  place: 'town city village field forest river lake hill road bridge farm island beach desert valley port'.split(' '),
  person:
    'king queen father mother brother sister uncle aunt son daughter nurse doctor teacher soldier judge cook'.split(
      ' ',
    ),
  weather: 'rain snow wind storm cloud sun fog ice frost hail thunder lightning breeze mist dew heat'.split(' '),
};
const labels = 'ba do ki mu ze fo ga li pu so te wo'.split(' ');

/** Four letters that each stand for another. */
function letterMap(choice: Choice): ExampleFunction {
  const keys = choice.shuffle(letters).slice(0, 4).sort();
  const values = keys.map(() => choice.pick(letters));
  return {
    family: 'letters',
    name: keys.map((key, index) => key + values[index]!).join(' '),
    example: (drawn) => {
      const index = drawn.integer(keys.length);
      return { input: keys[index]!, output: values[index]! };
    },
  };
}

/** Two kinds of words, each with a name that means nothing. */
function labelling(choice: Choice): ExampleFunction {
  const chosen = choice.shuffle(Object.keys(kinds)).slice(0, 2).sort();
  const names = choice.shuffle(labels).slice(0, 2);
  return {
    family: 'labels',
    name: chosen.map((kind, index) => `${kind} ${names[index]!}`).join(' '),
    example: (drawn) => {
      const index = drawn.integer(chosen.length);
      return { input: drawn.pick(kinds[chosen[index]!]!), output: names[index]! };
    },
  };
}

/** a · x + b, the last digit of it. */
function digitLine(choice: Choice): ExampleFunction {
  const [slope, offset] = [1 + choice.integer(9), choice.integer(10)];
  return {
    family: 'digits',
    name: `${slope} ${offset}`,
    example: (drawn) => {
      const x = drawn.integer(10);
      return { input: String(x), output: String((slope * x + offset) % 10) };
    },
  };
}

/** Which of three letters is repeated at each of three places: copying is 0 1 2, reversing 2 1 0. */
function pattern(choice: Choice): ExampleFunction {
  const places = [0, 1, 2].map(() => choice.integer(3));
  return {
    family: 'patterns',
    name: places.join(' '),
    example: (drawn) => {
      const input = drawn.shuffle(letters).slice(0, 3);
      return { input: input.join(' '), output: places.map((place) => input[place]!).join(' ') };
    },
  };
}

const families = { letters: letterMap, labels: labelling, digits: digitLine, patterns: pattern };
export type FunctionFamily = keyof typeof families;
export const functionFamilies = Object.keys(families) as [FunctionFamily, ...FunctionFamily[]];

/** Share of the functions of a family that training never meets: half for development, half for evaluation. */
const heldOut = 0.4;

/** A function of a split, drawn by chance. */
export function drawFunction(choice: Choice, family: FunctionFamily, split: Split): ExampleFunction {
  for (;;) {
    const drawn = families[family](choice);
    if (splitOf(`${family}/${drawn.name}`, heldOut) === split) return drawn;
  }
}
