/** One of Descent's image models, in a process of its own: its training steps, or the drawing of samples. */
import { readIdx } from '../../src/data/images/idx.js';
import { readFileSync } from 'node:fs';
import type { ImageLoss } from '../../src/nn/image-model.js';
import { findImageModel } from '../../src/formats/image-models.js';
import { initialise, parameterCount, leavesOf } from '../../src/nn/parameters.js';
import { Engine } from '../../src/runtime/engine.js';
import { createTrainStep } from '../../src/runtime/train-step.js';
import { imageSampler } from '../../src/sampling/images.js';
import { answerWork, peerConfig } from './answer.js';

const { work, model: name, settings, levels, batch, images: file, learningRate, threads } = peerConfig();
const { definition } = await findImageModel(name);
const [height, width] = [28, 28];
const data = { channels: 1, height, width, levels, classes: 0 };
const model = definition.build(definition.schema.parse(settings), data);
const engine = await Engine.create(threads > 0 ? { threads } : {});
const leaves = leavesOf(model.parameters);
const store = await engine.createStore({ leaves, trainable: true });
await store.write(initialise(model.parameters, 1));
const about = { parameters: parameterCount(model.parameters), threads: engine.threads };

const kept = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonInside: 'torch', weightDecay: 0, momentum: 0 } as const;

/** One loss with its optimizer. As in training: parts of the batch side by side, where the loss is their mean. */
async function stepOf({ name: title, loss, trainable, assigns = false, wholeBatch = assigns, every = 1 }: ImageLoss) {
  const lanes = wholeBatch ? 1 : 2;
  const part = batch / lanes;
  const step = await createTrainStep(engine, {
    store,
    parameters: model.parameters,
    batch: {
      images: { shape: [part, 1, height, width], dtype: 'float32' },
      labels: { shape: [part], dtype: 'int32' },
      key: { shape: [2], dtype: 'int32' },
    },
    loss: loss as never,
    lanes,
    name: title,
    ...(trainable && { trainable }),
    optimizer: { kind: assigns ? 'sgd' : 'adamw', ...kept },
  });
  return { step, lanes, part, every, rate: assigns ? 1 : learningRate };
}

async function answerSteps(): Promise<void> {
  // What is done once, before training, is no part of a step.
  const steps = await Promise.all(model.losses.filter(({ during }) => during !== 'first').map(stepOf));
  const pixels = readIdx(readFileSync(file), file).data.subarray(0, batch * height * width);
  const images = Float32Array.from(pixels, (value) => (levels === 2 ? Number(value >= 128) : value));
  let taken = 0;
  /** @returns the loss */
  const take = async ({ step, lanes, part, rate, every }: (typeof steps)[number]): Promise<number> => {
    const results = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => {
        const size = images.length / lanes;
        const own = images.slice(lane * size, (lane + 1) * size);
        const given = { images: own, labels: new Int32Array(part), key: Int32Array.of(taken, lane) };
        return step.accumulate(given, 1 / lanes);
      }),
    );
    await step.apply({ learningRate: rate, step: Math.ceil(taken / every) });
    return results.reduce((sum, { loss }) => sum + loss / lanes, 0);
  };
  const compileSeconds = steps.reduce((sum, { step }) => sum + step.compileSeconds, 0);
  await answerWork({ ...about, compileSeconds }, async () => {
    taken++;
    const [first, ...others] = steps;
    const loss = await take(first!);
    for (const each of others) if (taken % each.every === 0) await take(each);
    return loss;
  });
}

/** As `descent sample` draws them. */
async function answerSamples(): Promise<void> {
  const started = performance.now();
  const sample = await imageSampler({ engine, model, data, weights: store, batchSize: batch });
  const compileSeconds = (performance.now() - started) / 1000;
  let seed = 0;
  await answerWork({ ...about, compileSeconds }, async () => {
    const { images } = await sample({
      count: batch,
      seed: seed++,
      ...(model.denoiser && { denoising: { sampler: 'ddim', steps: 50 } }),
    });
    return images.reduce((sum, value) => sum + value, 0) / images.length;
  });
}

await (work === 'step' ? answerSteps() : answerSamples());
await engine.dispose();
