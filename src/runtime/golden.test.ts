import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { difference, goldenCases, goldenProgram } from '../tensor/golden-cases.test-helper.js';
import type { DType } from '../tensor/primitives.js';
import { Engine, type HostData } from './engine.js';

const host = (data: readonly number[], dtype: DType): HostData =>
  dtype === 'float32' ? Float32Array.from(data) : dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data);

describe('every operation on the engine: value and gradient are PyTorch’s', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await Engine.create({ threads: 1 });
  });
  afterAll(() => engine.dispose());

  it.each(Object.keys(goldenCases))('%s', async (name) => {
    const { inputs, output, cotangent, gradients = [] } = goldenCases[name]!;
    const { fn, specs } = goldenProgram(name);
    const program = await engine.compile(fn, specs, { name });
    const result = (await program.run({
      inputs: inputs.map(({ data, dtype }) => host(data, dtype)),
      ...(cotangent && { cotangent: host(cotangent, 'float32') }),
    })) as { value: HostData; gradients?: readonly HostData[] };
    expect(difference(result.value, output.data)).toBeLessThan(1e-5);
    gradients.forEach((gradient, index) => {
      expect(difference(result.gradients![index]!, gradient), `gradient ${index}`).toBeLessThan(1e-5);
    });
  });
});
