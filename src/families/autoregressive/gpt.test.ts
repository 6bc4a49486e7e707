import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialise, parameterLeaves } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { gradients, int32, iota, reshape, sliceAxis, square, sum, valueAndGrad } from '../../tensor/index.js';
import { leaves } from '../../tensor/tree.js';
import { gpt } from './gpt.js';
import { type GptOptions, gptPresets } from './gpt-config.js';
import { difference, golden, goldenBatch, goldenTraining, storeOf, summary } from './gpt.test-helper.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const names = Object.keys(golden.models) as (keyof typeof golden.models)[];

describe.each(names)('%s against PyTorch', (name) => {
  const expected = golden.models[name];
  const sizeOf = (path: string): number => expected.parameters[path]!.reduce((a, b) => a * b, 1);

  it('has the same parameters, in the same order', () => {
    const shapes = parameterLeaves(gpt(expected.config).parameters).map(({ path, spec }) => [path, spec.shape]);
    expect(shapes).toEqual(Object.entries(expected.parameters));
  });

  it('gives the same logits', async () => {
    const { model, store } = await goldenTraining(engine, name);
    const { batch, time } = golden;
    const program = await engine.compile(({ parameters, tokens }) => ({ logits: model.logits(parameters, tokens) }), {
      parameters: model.parameters,
      tokens: int32(batch, time),
    });
    const { inputs } = goldenBatch(model.config.vocabularySize, 0);
    const { logits } = (await program.run({ parameters: store, tokens: inputs })) as { logits: Float32Array };
    expect(difference(summary(logits), expected.logits, logits.length)).toBeLessThan(2e-5);
    const vocabulary = model.config.vocabularySize;
    const last = logits.subarray((time - 1) * vocabulary, time * vocabulary);
    expect(Math.max(...last.map((logit, id) => Math.abs(logit - expected.lastLogits[id]!)))).toBeLessThan(1e-4);
  });

  it('gives the same gradients', async () => {
    const { model, store, step } = await goldenTraining(engine, name);
    await step.accumulate(goldenBatch(model.config.vocabularySize, 0), 1);
    for (const [path, values] of Object.entries(await store.read('gradients'))) {
      // The gradient of a key's bias is 0 but for rounding: a softmax does not see it.
      expect(difference(summary(values), expected.gradients[path]!, sizeOf(path), 1e-3), path).toBeLessThan(1e-4);
    }
  });

  it('takes the same ten AdamW steps', async () => {
    const { store, train } = await goldenTraining(engine, name);
    const { losses, norms } = await train(10);
    losses.forEach((loss, step) => expect(loss, `loss ${step}`).toBeCloseTo(expected.losses[step]!, 4));
    norms.forEach((norm, step) => expect(norm / expected.gradientNorms[step]!, `norm ${step}`).toBeCloseTo(1, 3));
    for (const [path, values] of Object.entries(await store.read())) {
      expect(difference(summary(values), expected.weights[path]!, sizeOf(path), 1e-2), path).toBeLessThan(2e-3);
    }
  });
});

/** Every preset's shape at a size where all gradients can be looked at. */
const tiny = (name: keyof typeof gptPresets): GptOptions => {
  const preset: GptOptions = gptPresets[name];
  return {
    ...preset,
    vocabularySize: 13,
    contextLength: 8,
    layers: 2,
    heads: 4,
    width: 16,
    hiddenWidth: 24,
    ...(preset.keyValueHeads && { keyValueHeads: 2 }),
    ...(preset.bandedWindow && { bandedWindow: 3 }),
    initialisation: 0.4,
  };
};

/** |d f(logits[t]) / d embedding of token s|, as [T][T], for an f without symmetry. */
async function influence(options: GptOptions): Promise<number[][]> {
  const model = gpt(options);
  const { contextLength: time, width } = model.config;
  const store = await storeOf(engine, model, initialise(model.parameters, 1));
  const program = await engine.compile(
    ({ parameters, embeddings }) => {
      // Place s has token s, and so row s of the embeddings; the head keeps its own.
      const tokens = reshape(iota([time]), [1, time]);
      const hidden = model.hidden({ ...parameters, tokens: { weight: embeddings } }, tokens);
      const logits = model.head(parameters, hidden);
      return Array.from({ length: time }, (_, t) => {
        const [gradient] = gradients(sum(square(sliceAxis(logits, { axis: 1, start: t, limit: t + 1 }))), [embeddings]);
        return gradient!;
      });
    },
    { parameters: model.parameters, embeddings: { shape: [time, width], dtype: 'float32' as const } },
  );
  const embeddings = initialise(model.parameters, 2)['tokens.weight']!.slice(0, time * width);
  const result = (await program.run({ parameters: store, embeddings })) as Float32Array[];
  return result.map((gradient) =>
    Array.from({ length: time }, (_, s) =>
      Math.max(...gradient.subarray(s * width, (s + 1) * width).map((value) => Math.abs(value))),
    ),
  );
}

const allPresets = Object.keys(gptPresets) as (keyof typeof gptPresets)[];
/** One preset for each shape that is left when sizes are made equal. */
const presets = [...new Map(allPresets.map((name) => [JSON.stringify(tiny(name)), name])).values()];

describe('causality', () => {
  it.each(presets)('%s: no logit depends on a later token, and every one on its own', async (name) => {
    const matrix = await influence(tiny(name));
    matrix.forEach((row, t) => {
      row.forEach((value, s) => {
        if (s > t) expect(value, `d logits[${t}] / d token ${s}`).toBe(0);
        if (s === t) expect(value, `d logits[${t}] / d token ${s}`).toBeGreaterThan(1e-6);
      });
    });
  });

  it('dense attention reaches back to the first token', async () => {
    const matrix = await influence(tiny('gpt2'));
    for (const [first] of matrix) expect(first).toBeGreaterThan(1e-7);
  });

  it('a banded block sees the latest positions alone', async () => {
    // Of two blocks the second is banded: the first must be taken out to see the band by itself.
    const options = { ...tiny('gpt3-small'), layers: 2, bandedWindow: 3 };
    const model = gpt(options);
    const { contextLength: time, width } = model.config;
    const values = initialise(model.parameters, 1);
    for (const leaf of ['projection', 'down']) values[`blocks.0.${leaf}.weight`]!.fill(0);
    const store = await storeOf(engine, model, values);
    const program = await engine.compile(
      ({ parameters, embeddings }) => {
        const tokens = reshape(iota([time]), [1, time]);
        const hidden = model.hidden({ ...parameters, tokens: { weight: embeddings } }, tokens);
        const last = sliceAxis(model.head(parameters, hidden), { axis: 1, start: time - 1 });
        return { gradient: gradients(sum(square(last)), [embeddings])[0]! };
      },
      { parameters: model.parameters, embeddings: { shape: [time, width], dtype: 'float32' as const } },
    );
    const embeddings = values['tokens.weight']!.slice(0, time * width);
    const { gradient } = (await program.run({ parameters: store, embeddings })) as { gradient: Float32Array };
    const size = (s: number): number => Math.hypot(...gradient.subarray(s * width, (s + 1) * width));
    for (let s = 0; s < time; s++) {
      if (s < time - 3) expect(size(s), `token ${s}`).toBe(0);
      else expect(size(s), `token ${s}`).toBeGreaterThan(1e-6);
    }
  });
});

describe('dropout', () => {
  const options: GptOptions = { ...tiny('gpt2'), dropout: 0.3 };

  it('is off without a key, and differs from key to key with one', async () => {
    const model = gpt(options);
    const plain = gpt({ ...options, dropout: 0 });
    const store = await storeOf(engine, model, initialise(model.parameters, 1));
    const tokens = Int32Array.from({ length: 8 }, (_, t) => t);
    const specs = { parameters: model.parameters, tokens: int32(1, 8) };
    const evaluating = await engine.compile(
      ({ parameters, tokens }) => ({ y: model.logits(parameters, tokens) }),
      specs,
    );
    const without = await engine.compile(({ parameters, tokens }) => ({ y: plain.logits(parameters, tokens) }), specs);
    const training = await engine.compile(
      ({ parameters, tokens, key }) => ({ y: model.logits(parameters, tokens, { dropoutKey: key }) }),
      { ...specs, key: int32(2) },
    );
    const feeds = { parameters: store, tokens };
    const run = async (key: number[]) => training.run({ ...feeds, key: Int32Array.from(key) });
    expect(await evaluating.run(feeds)).toEqual(await without.run(feeds));
    expect(await run([1, 1])).toEqual(await run([1, 1]));
    expect(await run([1, 1])).not.toEqual(await run([1, 2]));
    expect(await run([1, 1])).not.toEqual(await evaluating.run(feeds));
  });
});

describe('the same model in a batch', () => {
  it.each(presets)('%s: the logits of a row do not depend on its neighbours or on padding behind it', async (name) => {
    const model = gpt(tiny(name));
    const store = await storeOf(engine, model, initialise(model.parameters, 1));
    const run = async (rows: number[][]): Promise<number[][]> => {
      const length = rows[0]!.length;
      const program = await engine.compile(({ parameters, tokens }) => ({ logits: model.logits(parameters, tokens) }), {
        parameters: model.parameters,
        tokens: int32(rows.length, length),
      });
      const tokens = Int32Array.from(rows.flat());
      const { logits } = (await program.run({ parameters: store, tokens })) as { logits: Float32Array };
      const size = logits.length / rows.length;
      return rows.map((_, row) => [...logits.subarray(row * size, (row + 1) * size)]);
    };
    const [alone] = await run([[3, 1, 4, 1, 5]]);
    const [, beside] = await run([
      [9, 2, 6, 5, 3],
      [3, 1, 4, 1, 5],
      [8, 9, 7, 9, 3],
    ]);
    const [padded] = await run([[3, 1, 4, 1, 5, 0, 12, 0]]);
    for (const other of [beside!, padded!]) {
      expect(Math.max(...alone!.map((logit, index) => Math.abs(logit - other[index]!)))).toBeLessThan(1e-4);
    }
  });
});

describe('the loss of some targets', () => {
  it.each(presets)('%s: computing the head for those alone changes neither loss nor gradients', async (name) => {
    const model = gpt(tiny(name));
    const store = await storeOf(engine, model, initialise(model.parameters, 1));
    const feeds = {
      parameters: store,
      inputs: Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6),
      targets: Int32Array.of(1, 4, 1, 5, 9, 2, 6, 5),
      mask: Float32Array.of(0, 1, 0, 1, 0, 0, 1, 0),
    };
    const run = async (mostTargets?: number) => {
      const program = await engine.compile(
        ({ parameters, inputs, targets, mask }) =>
          valueAndGrad((p: typeof parameters) => model.loss(p, inputs, targets, mask, { mostTargets }))(parameters),
        {
          parameters: model.parameters,
          inputs: int32(2, 4),
          targets: int32(2, 4),
          mask: { shape: [2, 4], dtype: 'float32' as const },
        },
      );
      const { value, gradients: tree } = (await program.run(feeds)) as { value: unknown; gradients: unknown };
      return [value, ...leaves(tree, isArray).map(({ leaf }) => leaf)].flatMap((values) => [
        ...(values as Float32Array),
      ]);
    };
    const all = await run();
    for (const most of [3, 5]) {
      const some = await run(most);
      expect(some.length).toBe(all.length);
      expect(Math.max(...all.map((value, index) => Math.abs(value - some[index]!)))).toBeLessThan(1e-5);
    }
  });
});

const isArray = (value: unknown): value is Float32Array => value instanceof Float32Array;
