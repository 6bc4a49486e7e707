import { describe, expect, it } from 'vitest';
import { initialise, parameterCount } from '../../nn/parameters.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { int32, trace } from '../../tensor/index.js';
import { bert, hideTokens, textDefinition } from './bert.js';

const settings = (more: object) =>
  textDefinition.schema.parse({ layers: 2, heads: 2, width: 8, contextLength: 12, ...more });

describe('BERT', () => {
  it('has as many parameters as BERT base, but for what is left out', () => {
    const base = settings({ layers: 12, heads: 12, width: 768, contextLength: 512 });
    const { parameters } = textDefinition.build(base, { size: 30_522, controls: [1, 2] });
    // 109,482,240 with pooler (590,592) and sentence embeddings (1,536), and without the prediction head.
    const head = 768 * 768 + 768 + 2 * 768 + 30_522;
    expect(parameterCount(parameters)).toBe(109_482_240 - 590_592 - 1536 + head);
  });

  it('hides 15 of 100 tokens: eight of ten as the mask, one as another, one as it is', () => {
    const [batch, time, vocabulary, mask] = [40, 100, 50, 51];
    const graph = trace(({ tokens, key }) => ({ ...hideTokens(tokens, key, { share: 0.15, mask, vocabulary }) }), {
      tokens: int32(batch, time),
      key: int32(2),
    });
    const tokens = Int32Array.from({ length: batch * time }, (_, at) => at % vocabulary);
    let [masked, changed, kept] = [0, 0, 0];
    for (let step = 0; step < 5; step++) {
      const { seen, places } = evaluate(graph, { tokens, key: Int32Array.of(1, step) });
      expect(places!.length).toBe(batch * 15);
      const hidden = new Set(Array.from(places!, (place, at) => Math.floor(at / 15) * time + place));
      expect(hidden.size).toBe(batch * 15);
      tokens.forEach((token, at) => {
        if (!hidden.has(at)) expect(seen![at]).toBe(token);
        else if (seen![at] === mask) masked++;
        else if (seen![at] === token) kept++;
        else changed++;
      });
    }
    const total = 5 * batch * 15;
    expect(masked / total).toBeCloseTo(0.8, 1);
    // One of fifty tokens drawn by chance is the token itself.
    expect(changed / total).toBeCloseTo(0.1 * (49 / 50), 1);
    expect(kept / total).toBeGreaterThan(0.06);
    expect(kept / total).toBeLessThan(0.15);
  });

  it('sees both sides, and predicts what was hidden', () => {
    const model = bert(settings({ initialisation: 0.3 }), { size: 9, mask: 7, start: 8 });
    const values = Object.entries(initialise(model.parameters, 1)).map(([path, data]) => [`p.${path}`, data] as const);
    const graph = trace(({ p, tokens }) => ({ out: model.hidden(p as never, tokens) }), {
      p: model.parameters,
      tokens: int32(1, 4),
    });
    const read = (...ids: number[]) =>
      evaluate(graph, { ...Object.fromEntries(values), tokens: Int32Array.from(ids) })['out']!;
    const [one, other] = [read(1, 2, 3, 4), read(1, 2, 3, 5)];
    expect(Math.abs(one[0]! - other[0]!)).toBeGreaterThan(1e-4);
    const loss = trace(({ p, tokens, mask, key }) => ({ loss: model.loss(p as never, { tokens, mask, key }) }), {
      p: model.parameters,
      tokens: int32(2, 6),
      mask: { shape: [2, 6], dtype: 'float32' } as const,
      key: int32(2),
    });
    const batch = { tokens: Int32Array.of(1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1), key: Int32Array.of(0, 1) };
    const lossOf = (mask: Float32Array): number =>
      evaluate(loss, { ...Object.fromEntries(values), ...batch, mask })['loss']![0]!;
    expect(lossOf(new Float32Array(12).fill(1))).toBeGreaterThan(0.5);
    // What only fills a batch does not count.
    expect(lossOf(new Float32Array(12))).toBe(0);
  });
});
