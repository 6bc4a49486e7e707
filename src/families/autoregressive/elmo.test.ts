import { describe, expect, it } from 'vitest';
import { initialise } from '../../nn/parameters.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { int32, trace } from '../../tensor/index.js';
import { elmoFeatures, textDefinition } from './elmo.js';

describe.each([null, 5])('ELMo with units %s', (units) => {
  const settings = textDefinition.schema.parse({ layers: 2, width: 4, units, contextLength: 5 });
  const model = textDefinition.build(settings, { size: 9, controls: [] });
  const values = Object.fromEntries(
    Object.entries(initialise(model.parameters, 2)).map(([path, data]) => [`p.${path}`, data] as const),
  );
  const featuresOf = (texts: number[][], time: number): number[][] => {
    const graph = trace(({ p, tokens, lengths }) => ({ out: elmoFeatures(p as never, { tokens, lengths }) }), {
      p: model.parameters,
      tokens: int32(texts.length, time),
      lengths: int32(texts.length),
    });
    const tokens = new Int32Array(texts.length * time).fill(8);
    texts.forEach((text, row) => {
      tokens.set(text, row * time);
    });
    const lengths = Int32Array.from(texts, ({ length }) => length);
    const out = Array.from(evaluate(graph, { ...values, tokens, lengths })['out']!);
    return texts.map((_, row) => out.slice(row * 3 * 8, (row + 1) * 3 * 8));
  };

  it('reads a text alike alone, among others and behind padding', () => {
    const texts = [[1, 2, 3], [4], [5, 6, 7, 1, 2]];
    const together = featuresOf(texts, 6);
    texts.forEach((text, row) => {
      featuresOf([text], text.length)[0]!.forEach((value, at) => expect(value).toBeCloseTo(together[row]![at]!, 8));
    });
  });

  it('turned around, a text gives its two directions in turn', () => {
    // Weights of both directions alike.
    const alike = Object.fromEntries(
      Object.entries(values).map(([path, data]) => {
        const half = data.length / 2;
        return [path, path.includes('.lstm.') ? Float32Array.from(data, (_, at) => data[at % half]!) : data];
      }),
    );
    const graph = trace(({ p, tokens, lengths }) => ({ out: elmoFeatures(p as never, { tokens, lengths }) }), {
      p: model.parameters,
      tokens: int32(2, 3),
      lengths: int32(2),
    });
    const tokens = Int32Array.of(1, 2, 3, 3, 2, 1);
    const out = evaluate(graph, { ...alike, tokens, lengths: Int32Array.of(3, 3) })['out']!;
    for (let layer = 0; layer < 3; layer++) {
      for (let at = 0; at < 4; at++) expect(out[layer * 8 + at]).toBeCloseTo(out[24 + layer * 8 + 4 + at]!, 8);
    }
  });

  it('learns from a stretch in both directions, each of which sees only what it has read', () => {
    const { pretraining } = model;
    const batch = pretraining.batch(2);
    const graph = trace(
      ({ p, batch: given }) => {
        const { loss } = pretraining.loss(p as never, given as never);
        return { loss };
      },
      { p: model.parameters, batch },
    );
    const lossOf = (text: number[], counted: number[] = [0, 1, 2, 3, 4]): number => {
      const mask = Float32Array.from({ length: 10 }, (_, at) => (counted.includes(at % 5) ? 1 : 0));
      const tokens = Int32Array.from([...text, ...text]);
      return evaluate(graph, { ...values, 'batch.tokens': tokens, 'batch.mask': mask })['loss']![0]!;
    };
    // Untrained, a model is about as surprised by all of nine tokens.
    expect(Math.abs(lossOf([1, 2, 3, 4, 5, 6]) - Math.log(9))).toBeLessThan(0.3);
    // The first of each direction is the second token after the first, and the last but one before the last.
    const first = lossOf([1, 2, 3, 4, 5, 6], [0]);
    expect(lossOf([1, 2, 7, 8, 5, 6], [0])).toBeCloseTo(first, 10);
    for (const other of [
      [7, 2, 3, 4, 5, 6],
      [1, 7, 3, 4, 5, 6],
      [1, 2, 3, 4, 7, 6],
      [1, 2, 3, 4, 5, 7],
    ])
      expect(Math.abs(lossOf(other, [0]) - first)).toBeGreaterThan(1e-6);
  });
});
