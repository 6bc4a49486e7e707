import { Choice } from '../../data/almanac/choice.js';
import { factsAbout } from '../../data/almanac/facts.js';
import type { AttributeName, Fact } from '../../data/almanac/types.js';
import type { Fields } from '../example.js';

/** Facts of the almanac as questions with options, for instructions in the manner of FLAN. */

export const askedAttributes = [
  'capital',
  'currency',
  'continent',
  'language',
  'calling code',
  'symbol',
  'atomic number',
  'group',
] as const satisfies readonly AttributeName[];

export interface AlmanacQuestions {
  readonly attribute: (typeof askedAttributes)[number];
  readonly options: number;
  readonly seed: number;
}

/** Fields of each fact of a split: `entity`, `attribute`, `value`, `options`, and `listed`: the options with dashes. */
export function almanacFields(
  { attribute, options: count, seed }: AlmanacQuestions,
  splits: readonly ('training' | 'development' | 'evaluation')[],
): Fields[] {
  const everything = (['training', 'development', 'evaluation'] as const).flatMap((split) =>
    factsAbout(attribute, split),
  );
  const values = [...new Set(everything.map(({ value }) => value))];
  return splits
    .flatMap((split) => factsAbout(attribute, split))
    .map(({ entity, value, alternatives }: Fact, index) => {
      const choice = new Choice(seed, `almanac options ${attribute}`, index);
      const wrong = choice.shuffle(values.filter((other) => other !== value && !alternatives.includes(other)));
      const options = choice.shuffle([value, ...wrong.slice(0, count - 1)]);
      const listed = options.map((option) => `- ${option}`).join('\n');
      return { entity: entity.name, attribute, value, options, listed };
    });
}
