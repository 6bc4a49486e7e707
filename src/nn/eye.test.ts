import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../runtime/engine.js';
import { type Tensor, type TensorSpec, constant, float32, gradients, mul, reshape, sum } from '../tensor/index.js';
import { type Eye, type EyeParameters, eye } from './eye.js';

interface Golden {
  readonly values: number[];
  readonly tokens: number[];
  readonly embedded: number[];
  readonly parameters: Record<string, number[]>;
  readonly result: number[];
  readonly gradients: Record<string, number[]>;
}
const golden = JSON.parse(readFileSync(new URL('./golden/eye.json', import.meta.url), 'utf8')) as Golden;

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

/** Images of 4 x 3 whose rows are the parts. */
const rows = {
  parts: {
    count: 4,
    size: 3,
    parameters: {},
    of: (_: unknown, { images }: { images: Tensor }) => reshape(images, [images.shape[0]!, 4, 3]),
  },
  data: { channels: 1, height: 4, width: 3, levels: 256, classes: 0 },
  width: 5,
  placeholder: 9,
};
const two = (): Eye => eye({ ...rows, tokens: 2, projector: 'mlp' });

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void => {
  expect(actual.length).toBe(expected.length);
  Array.from(actual).forEach((value, index) =>
    expect(Math.abs(value - expected[index]!)).toBeLessThan(tolerance * (1 + Math.abs(expected[index]!))),
  );
};

describe('an eye', () => {
  it("puts what it sees where the placeholders are, with PyTorch's values and gradients", async () => {
    const looking = two();
    const { projector } = looking.parameters;
    const program = await engine.compile(
      (given: { p: EyeParameters['projector']; embedded: Tensor; tokens: Tensor; images: Tensor }) => {
        const p = { encoder: {}, projector: given.p } as EyeParameters;
        const result = looking.insert(p, given.embedded, given.tokens, given.images);
        const weights = constant(
          Float32Array.from({ length: result.size }, (_, index) => Math.cos(index)),
          result.shape,
        );
        const { norm, first, second } = given.p;
        const sources = [norm.scale, norm.bias!, first.weight, first.bias!, second!.weight, second!.bias!];
        return { result, gradients: gradients(sum(mul(result, weights)), sources) };
      },
      {
        p: projector,
        embedded: float32(2, 5, 5),
        tokens: { shape: [2, 5], dtype: 'int32' } as TensorSpec,
        images: float32(2, 1, 4, 3),
      } as never,
    );
    const leaf = (name: string): Float32Array => Float32Array.from(golden.parameters[name]!);
    const answer = (await program.run({
      p: {
        norm: { scale: leaf('norm.scale'), bias: leaf('norm.bias') },
        first: { weight: leaf('first.weight'), bias: leaf('first.bias') },
        second: { weight: leaf('second.weight'), bias: leaf('second.bias') },
      },
      embedded: Float32Array.from(golden.embedded),
      tokens: Int32Array.from(golden.tokens),
      images: Float32Array.from(golden.values),
    })) as unknown as { result: Float32Array; gradients: Float32Array[] };
    close(answer.result, golden.result);
    Object.values(golden.gradients).forEach((expected, index) => {
      close(answer.gradients[index]!, expected, 1e-4);
    });
  });

  it('gives each part a token, where nobody says how many', () => {
    expect(eye({ ...rows, projector: 'linear' })).toMatchObject({ tokens: 4 });
    expect(two().parameters.projector.first.weight.shape).toEqual([6, 5]);
    expect(eye({ ...rows, projector: 'linear' }).parameters.projector).not.toHaveProperty('second');
  });

  it('says which number of tokens cannot be', () => {
    expect(() => eye({ ...rows, tokens: 3, projector: 'mlp' })).toThrow(/eye.tokens: 4 parts .* into 3 tokens/);
  });
});
