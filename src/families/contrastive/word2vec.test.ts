import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { gradients, int32, trace } from '../../tensor/index.js';
import { meanVector, skipGramLoss, textDefinition } from './word2vec.js';

interface Golden extends Record<'tokens' | 'neighbours' | 'centres' | 'near' | 'negatives', number[]> {
  loss: number;
  gradients: Record<'tokens' | 'neighbours', number[]>;
}
const golden = JSON.parse(readFileSync(new URL('./golden/word2vec.json', import.meta.url), 'utf8')) as Golden;

const [vocabulary, width, pairs, negatives] = [7, 3, 5, 2];
const { parameters } = textDefinition.build(textDefinition.schema.parse({ width }), { size: vocabulary, controls: [] });
const values = {
  'p.tokens.weight': Float32Array.from(golden.tokens),
  'p.neighbours.weight': Float32Array.from(golden.neighbours),
};

it("skip-grams have PyTorch's loss and gradient", () => {
  const batch = { centres: int32(pairs), neighbours: int32(pairs), negatives: int32(pairs, negatives) };
  const graph = trace(
    ({ p, batch: given }) => {
      const loss = skipGramLoss(p as never, given);
      const { tokens, neighbours } = p as never as Parameters<typeof skipGramLoss>[0];
      const [ofTokens, ofNeighbours] = gradients(loss, [tokens.weight, neighbours.weight]);
      return { loss, ofTokens, ofNeighbours };
    },
    { p: parameters, batch },
  );
  const found = evaluate(graph, {
    ...values,
    'batch.centres': Int32Array.from(golden.centres),
    'batch.neighbours': Int32Array.from(golden.near),
    'batch.negatives': Int32Array.from(golden.negatives),
  });
  expect(found['loss']![0]).toBeCloseTo(golden.loss, 6);
  golden.gradients.tokens.forEach((value, at) => expect(found['ofTokens']![at]).toBeCloseTo(value, 6));
  golden.gradients.neighbours.forEach((value, at) => expect(found['ofNeighbours']![at]).toBeCloseTo(value, 6));
});

it('a text is the mean of its vectors, whatever fills it up', () => {
  const graph = trace(({ p, tokens, lengths }) => ({ out: meanVector(p as never, { tokens, lengths }) }), {
    p: parameters,
    tokens: int32(2, 3),
    lengths: int32(2),
  });
  const given = { tokens: Int32Array.of(1, 2, 5, 4, 6, 6), lengths: Int32Array.of(2, 1) };
  const { 'p.tokens.weight': vectors } = values;
  const out = evaluate(graph, { 'p.tokens.weight': vectors, ...given })['out']!;
  for (let at = 0; at < width; at++) {
    expect(out[at]).toBeCloseTo((vectors[width + at]! + vectors[2 * width + at]!) / 2, 6);
    expect(out[width + at]).toBeCloseTo(vectors[4 * width + at]!, 6);
  }
});
