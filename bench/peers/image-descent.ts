/** The training step of one of Descent's image models, in a process of its own. */
import { readIdx } from '../../src/data/images/idx.js';
import { readFileSync } from 'node:fs';
import { findImageModel } from '../../src/formats/image-models.js';
import { initialise, parameterCount, leavesOf } from '../../src/nn/parameters.js';
import { Engine } from '../../src/runtime/engine.js';
import { createTrainStep } from '../../src/runtime/train-step.js';
import { answerSteps, peerConfig } from './answer.js';

const { model: name, settings, levels, batch, images: file, learningRate, threads } = peerConfig();
const { definition } = await findImageModel(name);
const [height, width] = [28, 28];
const data = { channels: 1, height, width, levels, classes: 0 };
const model = definition.build(definition.schema.parse(settings), data);
const engine = await Engine.create(threads > 0 ? { threads } : {});
const leaves = leavesOf(model.parameters);
const store = await engine.createStore({ leaves, trainable: true });
await store.write(initialise(model.parameters, 1));
const { loss, trainable } = model.losses.find(({ assigns }) => assigns !== true)!;
// As in training: parts of the batch side by side.
const lanes = 2;
const part = batch / lanes;
const trainStep = await createTrainStep(engine, {
  store,
  parameters: model.parameters,
  batch: {
    images: { shape: [part, 1, height, width], dtype: 'float32' },
    labels: { shape: [part], dtype: 'int32' },
    key: { shape: [2], dtype: 'int32' },
  },
  loss: loss as never,
  lanes,
  ...(trainable && { trainable }),
  optimizer: {
    kind: 'adamw',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    epsilonInside: 'torch',
    weightDecay: 0,
    momentum: 0,
  },
});

const pixels = readIdx(readFileSync(file), file).data.subarray(0, batch * height * width);
const images = Float32Array.from(pixels, (value) => (levels === 2 ? Number(value >= 128) : value));
let step = 0;
await answerSteps(
  { parameters: parameterCount(model.parameters), threads: engine.threads, compileSeconds: trainStep.compileSeconds },
  async () => {
    step++;
    const results = await Promise.all(
      Array.from({ length: lanes }, (_, lane) => {
        const size = images.length / lanes;
        const own = images.slice(lane * size, (lane + 1) * size);
        const given = { images: own, labels: new Int32Array(part), key: Int32Array.of(step, lane) };
        return trainStep.accumulate(given, 1 / lanes);
      }),
    );
    await trainStep.apply({ learningRate, step });
    return results.reduce((sum, { loss: value }) => sum + value / lanes, 0);
  },
);
await engine.dispose();
