import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.test-helper.js';
import { computations, difference, goldenCases, goldenInputs, goldenProgram } from './golden-cases.test-helper.js';
import * as language from './index.js';
import { simplify } from './simplify.js';

describe('every operation: value and gradient are PyTorch’s', () => {
  it.each(Object.keys(goldenCases))('%s', (name) => {
    const { output, gradients = [] } = goldenCases[name]!;
    const { fn, specs } = goldenProgram(name);
    const graph = language.trace(fn, specs);
    expect(graph.outputs[0]!.tensor.shape).toEqual(output.shape);
    for (const form of [graph, simplify(graph)]) {
      const result = evaluate(form, goldenInputs(name));
      expect(difference(result['value']!, output.data)).toBeLessThan(1e-7);
      gradients.forEach((gradient, index) => {
        expect(difference(result[`gradients.${index}`]!, gradient)).toBeLessThan(1e-7);
      });
    }
  });

  it('has a case for each, and each case a computation', () => {
    expect(Object.keys(computations).sort()).toEqual(Object.keys(goldenCases).sort());
    const source = readFileSync(new URL('golden-cases.test-helper.ts', import.meta.url), 'utf8');
    // Tested in files of their own, or no operations.
    const others =
      /^(grad|gradients|valueAndGrad|vectorJacobianProduct|checkpoint|customGradient|trace|isTensor|isSpec|float32|int32|leaves|mapTree|Tensor|constant|full|zeros|ones|scalar|randomUniform|randomNormal|Draws|broadcastTogether|cachedAttention|sliceAxis)$/;
    const untested = Object.keys(language).filter((name) => !others.test(name) && !source.includes(`t.${name}`));
    expect(untested).toEqual([]);
  });
});
