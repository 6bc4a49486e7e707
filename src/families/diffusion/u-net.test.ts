import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesOf, parameterLeaves } from '../../nn/parameters.js';
import { Engine, type Store } from '../../runtime/engine.js';
import { type Tensor, float32, gradients, isTensor, leaves, square, sum } from '../../tensor/index.js';
import { type UNet, type UNetParameters, uNet } from './u-net.js';

interface Golden {
  readonly network: {
    readonly parameters: readonly (readonly [name: string, shape: readonly number[]])[];
    readonly output: readonly number[];
    readonly gradientNorms: Readonly<Record<string, number>>;
  };
}

const golden = JSON.parse(readFileSync(new URL('golden/u-net.json', import.meta.url), 'utf8')) as Golden;

const settings = { patch: 1, channels: [8, 16], blocks: 1, attention: [1], headWidth: 8, groups: 4, dropout: 0 };
const [batch, side, inputs, spatial, outputs, length, sequence] = [2, 8, 2, 1, 2, 5, 6];

const filled = (size: number, phase: number): Float32Array =>
  Float32Array.from({ length: size }, (_, index) => Math.sin(0.61 * index + phase));

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

/** The parameters as the script fills them; what it does not know is 0. */
async function goldenStore({ parameters }: UNet): Promise<Store> {
  const specs = leavesOf(parameters);
  const store = await engine.createStore({ leaves: specs });
  await store.write(
    Object.fromEntries(
      golden.network.parameters.map(([name, shape], k) => {
        const size = shape.reduce((product, axis) => product * axis, 1);
        return [name, Float32Array.from({ length: size }, (_, index) => 0.3 * Math.sin(0.37 * (index + 1) + k))];
      }),
    ),
  );
  return store;
}

describe('the U-Net', () => {
  const net = uNet(settings, { inputs: inputs + spatial, outputs, height: side, width: side, sequence });
  const embedding = 4 * settings.channels[0]!;
  const given = {
    x: filled(batch * inputs * side * side, 1),
    level: Float32Array.of(-0.75, 0.5),
    vector: filled(batch * embedding, 2),
    sequence: filled(batch * length * sequence, 3),
    spatial: filled(batch * spatial * side * side, 4),
  };
  const specs = {
    x: float32(batch, inputs, side, side),
    level: float32(batch),
    vector: float32(batch, embedding),
    sequence: float32(batch, length, sequence),
    spatial: float32(batch, spatial, side, side),
  };
  type Given = Record<keyof typeof specs, Tensor>;
  const run = (p: UNetParameters, { x, sequence: values, ...rest }: Given): Tensor =>
    net.run(p, x, { ...rest, sequence: { values } });

  it('has the parameters of its like in PyTorch', () => {
    const shapes = parameterLeaves(net.parameters).map(({ path, spec }) => `${path} ${spec.shape.join(' x ')}`);
    expect(shapes.sort()).toEqual(
      golden.network.parameters.map(([name, shape]) => `${name} ${shape.join(' x ')}`).sort(),
    );
  });

  it('says what its like in PyTorch says, and has the same gradients', async () => {
    const store = await goldenStore(net);
    const program = await engine.compile(
      ({ p, given: tensors }: { p: UNetParameters; given: Given }) => {
        const output = run(p, tensors);
        const all = leaves(p, isTensor);
        const found = gradients(
          sum(square(output)),
          all.map(({ leaf }) => leaf),
        );
        return { output, norms: Object.fromEntries(all.map(({ path }, index) => [path, sum(square(found[index]!))])) };
      },
      { p: net.parameters, given: specs },
    );
    const { output, norms } = (await program.run({ p: store, given })) as unknown as {
      output: Float32Array;
      norms: Record<string, Float32Array>;
    };
    golden.network.output.forEach((value, index) => {
      expect(Math.abs(output[index]! - value)).toBeLessThan(1e-3 * (1 + Math.abs(value)));
    });
    for (const [name, norm] of Object.entries(golden.network.gradientNorms)) {
      expect(Math.abs(Math.sqrt(norms[name]![0]!) - norm), name).toBeLessThan(1e-3 * norm + 1e-3);
    }
  });

  it('says nothing before it has learned, whatever it sees', async () => {
    const store = await engine.createStore({ leaves: leavesOf(net.parameters) });
    const program = await engine.compile(
      ({ p, given: tensors }: { p: UNetParameters; given: Given }) => ({ output: run(p, tensors) }),
      { p: net.parameters, given: specs },
    );
    const { output } = (await program.run({ p: store, given })) as { output: Float32Array };
    expect(output.every((value) => value === 0)).toBe(true);
  });

  it('sees blocks of pixels as channels', () => {
    const coarse = uNet({ ...settings, patch: 2 }, { inputs, outputs, height: side, width: side });
    const shapes = Object.fromEntries(parameterLeaves(coarse.parameters).map(({ path, spec }) => [path, spec.shape]));
    expect(shapes['in.weight']).toEqual([8, 4 * inputs, 3, 3]);
    expect(shapes['out.weight']).toEqual([4 * outputs, 8, 3, 3]);
  });

  it('says which sides and resolutions are impossible', () => {
    const sizes = { inputs, outputs, height: 7, width: 8 };
    expect(() => uNet(settings, sizes)).toThrow(/7 x 8 cannot be halved 1 times/);
    expect(() => uNet({ ...settings, attention: [2] }, { ...sizes, height: 8 })).toThrow(
      /no resolution 2, only 0 to 1/,
    );
  });
});
