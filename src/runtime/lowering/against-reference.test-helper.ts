import { expect } from 'vitest';
import { counterRandom, fillNormal, integer } from '../../tensor/random.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import type { Tensor } from '../../tensor/graph.js';
import type { TensorSpec } from '../../tensor/primitives.js';
import { trace } from '../../tensor/trace.js';
import type { Engine, HostData } from '../engine.js';

/** Shapes of the inputs; `below` makes int32 inputs whose values lie in [0, below), `bool` true or false. */
export interface InputSpec {
  shape: readonly number[];
  below?: number;
  bool?: boolean;
  /** Shifts and scales the normal numbers. */
  offset?: number;
  scale?: number;
}

const spec = ({ shape, below, bool }: InputSpec): TensorSpec => ({
  shape,
  dtype: bool ? 'bool' : below === undefined ? 'float32' : 'int32',
});

function values({ shape, below, bool, offset = 0, scale = 1 }: InputSpec, seed: number): HostData {
  const random = counterRandom(seed, 'lowering', 0);
  const size = shape.reduce((product, length) => product * length, 1);
  if (bool) return Uint8Array.from({ length: size }, () => integer(random, 2));
  if (below !== undefined) return Int32Array.from({ length: size }, () => integer(random, below));
  return fillNormal(random, new Float32Array(size)).map((x) => x * scale + offset);
}

/** Runs a function on the engine and in the float64 interpreter and compares all results. */
export async function expectAgreement(
  engine: Engine,
  inputs: Record<string, InputSpec>,
  fn: (inputs: Record<string, Tensor>) => Tensor | readonly Tensor[] | Record<string, Tensor>,
  tolerance = 2e-5,
): Promise<void> {
  const wrapped = (tensors: Record<string, Tensor>) => ({ y: fn(tensors) });
  const specs = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, spec(input)]));
  const data = Object.fromEntries(Object.entries(inputs).map(([key, input], index) => [key, values(input, index + 1)]));
  const program = await engine.compile(wrapped, specs, { name: 'test' });
  const result = await program.run(data);
  const expected = evaluate(trace(wrapped, specs), data);
  for (const [path, reference] of Object.entries(expected)) {
    const found = path
      .split('.')
      .reduce<unknown>((tree, key) => (tree as Record<string, unknown>)[key], result) as HostData;
    expect(found.length, path).toBe(reference.length);
    let worst = 0;
    found.forEach((value, index) => {
      const wanted = reference[index]!;
      if (Object.is(value, wanted) || (Number.isNaN(value) && Number.isNaN(wanted)) || value === wanted) return;
      const error = Math.abs(value - wanted) / (1 + Math.abs(wanted));
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    });
    expect(worst, path).toBeLessThan(tolerance);
  }
}
