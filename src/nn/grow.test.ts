import { expect, it } from 'vitest';
import { growValues } from './grow.js';
import { initialise, normal, parameter } from './parameters.js';

it('a larger vocabulary keeps what is known, and has fresh rows and columns beside it', () => {
  const specs = (vocabulary: number) => ({
    rows: parameter([vocabulary, 2], { init: normal(1) }),
    columns: parameter([2, vocabulary], { init: normal(1) }),
    list: parameter([vocabulary]),
    other: parameter([2, 2]),
  });
  const values = {
    rows: Float32Array.of(1, 2, 3, 4),
    columns: Float32Array.of(1, 2, 3, 4),
    list: Float32Array.of(5, 6),
    other: Float32Array.of(1, 2, 3, 4),
  };
  const fresh = initialise(specs(3), 7);
  const grown = growValues({ specs: specs(2), values }, specs(3), 7);
  expect([...grown['rows']!]).toEqual([1, 2, 3, 4, ...fresh['rows']!.slice(4)]);
  expect([...grown['columns']!]).toEqual([1, 2, fresh['columns']![2], 3, 4, fresh['columns']![5]]);
  expect([...grown['list']!]).toEqual([5, 6, 0]);
  expect(grown['other']).toEqual(values.other);
});
