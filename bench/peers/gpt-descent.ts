/** Descent's own GPT training step in a process of its own, so that its memory can be read. */
import { gpt, type GptParameters } from '../../src/families/autoregressive/gpt.js';
import { initialise, parameterCount, leavesOf } from '../../src/nn/parameters.js';
import { Engine } from '../../src/runtime/engine.js';
import { createTrainStep } from '../../src/runtime/train-step.js';
import type { Tensor } from '../../src/tensor/index.js';
import { answerWork, peerConfig } from './answer.js';

const config = peerConfig();
const { batch, context, layers, heads, width } = config;
const model = gpt({ vocabularySize: config.vocab, contextLength: context, layers, heads, width });
const engine = await Engine.create(config.threads > 0 ? { threads: config.threads } : {});
const leaves = leavesOf(model.parameters);
const store = await engine.createStore({ leaves, trainable: true });
await store.write(initialise(model.parameters, 1));

const tokens = { shape: [batch, context], dtype: 'int32' } as const;
const trainStep = await createTrainStep(engine, {
  store,
  parameters: model.parameters,
  batch: { inputs: tokens, targets: tokens },
  loss: (parameters: GptParameters, { inputs, targets }: { inputs: Tensor; targets: Tensor }) => ({
    loss: model.loss(parameters, inputs, targets),
  }),
  optimizer: {
    kind: 'adamw',
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    epsilonInside: 'torch',
    weightDecay: 0.1,
    momentum: 0,
  },
});

const rows = (offset: number) =>
  Int32Array.from(
    { length: batch * context },
    (_, i) => config.tokens[Math.floor(i / context) * (context + 1) + (i % context) + offset]!,
  );
const data = { inputs: rows(0), targets: rows(1) };
let step = 0;

await answerWork(
  {
    parameters: parameterCount(model.parameters),
    threads: engine.threads,
    compileSeconds: trainStep.compileSeconds,
  },
  async () => {
    const { loss } = await trainStep.accumulate(data, 1);
    await trainStep.apply({ learningRate: config.learningRate, step: ++step });
    return loss;
  },
);
await engine.dispose();
