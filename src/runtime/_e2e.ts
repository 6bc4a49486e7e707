import { gpt, type GptParameters } from '../families/autoregressive/gpt.js';
import { initialise, parameterCount, parameterLeaves } from '../nn/parameters.js';
import { Engine } from './engine.js';
import { createTrainStep } from './train-step.js';
import type { Tensor } from '../tensor/index.js';
const conf = process.argv[2] ?? 'A';
const [layers, heads, width, context, batch, vocab] = ({ A: [4,4,128,64,12,65], B: [6,6,384,256,8,65], C: [12,12,768,64,4,50257], T:[2,2,32,16,4,65] } as Record<string, number[]>)[conf]! as [number,number,number,number,number,number];
const model = gpt({ vocabularySize: vocab, contextLength: context, layers, heads, width });
const engine = await Engine.create({ device: (process.env['DEV'] ?? 'cpu') as 'cpu' });
const leaves = parameterLeaves(model.parameters).map(({ path, spec }) => ({ path, shape: [...spec.shape], decay: spec.decay }));
const store = await engine.createStore({ leaves, trainable: true });
await store.write(initialise(model.parameters, 1));
const tokens = { shape: [batch, context], dtype: 'int32' } as const;
const t0 = performance.now();
const trainStep = await createTrainStep(engine, {
  store, parameters: model.parameters, batch: { inputs: tokens, targets: tokens },
  loss: (parameters: GptParameters, { inputs, targets }: { inputs: Tensor; targets: Tensor }) => ({ loss: model.loss(parameters, inputs, targets) }),
  optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, momentum: 0 }, clipNorm: 1
});
console.log('params', parameterCount(model.parameters), 'compile', trainStep.compileSeconds, 'all', (performance.now() - t0) / 1000);
const data = { inputs: Int32Array.from({ length: batch * context }, (_, i) => (i * 7919) % vocab), targets: Int32Array.from({ length: batch * context }, (_, i) => (i * 7919 + 7919) % vocab) };
const N = Number(process.env['N'] ?? 10);
for (let step = 1; step <= N; step++) {
  const t = performance.now();
  const { loss } = await trainStep.accumulate(data, 1);
  const t2 = performance.now();
  const o = await trainStep.apply({ learningRate: 1e-3, step });
  console.log(step, loss.toFixed(6), o.gradientNorm.toFixed(5), (t2 - t).toFixed(1), (performance.now() - t2).toFixed(1));
}
await engine.dispose();
