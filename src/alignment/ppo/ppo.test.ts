import { afterAll, beforeAll, expect, it } from 'vitest';
import { gpt } from '../../families/autoregressive/gpt.js';
import { initialise, leavesOf } from '../../nn/parameters.js';
import { Engine } from '../../runtime/engine.js';
import { createGenerator } from '../../sampling/generator.js';
import { constant, logSoftmax, sliceAxis } from '../../tensor/index.js';
import { trainStepsOn } from '../../training/backend.js';
import { Trainer } from '../../training/trainer.js';
import { scalarModel } from '../scalar-model.js';
import { createPpo } from './ppo.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.create({ threads: 1 });
});
afterAll(() => engine.dispose());

const vocabularySize = 6;

it('reaches the known optimum: the policy in proportion to reference · exp(reward / coefficient)', async () => {
  // One prompt, answers of one token: a bandit whose best policy under the KL penalty is known in closed form.
  const model = gpt({ vocabularySize, contextLength: 4, layers: 1, heads: 1, width: 16, initialisation: 0.3 });
  const value = scalarModel(model, { zeroHead: true });
  const start = initialise(model.parameters, 5);
  const newStore = async (specs: unknown, values: Record<string, Float32Array>, trainable: boolean) => {
    const store = await engine.createStore({ leaves: leavesOf(specs), trainable });
    await store.write(values);
    return store;
  };
  const policy = await newStore(model.parameters, start, true);
  const reference = await newStore(model.parameters, start, false);
  const valueStore = await newStore(value.parameters, initialise(value.parameters, 6), true);
  const rewardOf = [0.3, 0.1, -0.4, 0, 0.6, -0.2];
  const coefficient = 0.3;
  const prompt = { messages: [], ids: Int32Array.of(1, 2) };
  const generator = createGenerator({ engine, model, store: policy });
  const seen: number[] = [];
  const ppo = createPpo({
    engine,
    policy: { model, store: policy },
    reference,
    value: { model: value, store: valueStore },
    prompts: [prompt],
    reward: (samples) => samples.map(({ response }) => rewardOf[response[0]!]!),
    sample: async (prompts, { seed }) =>
      (await generator.generateBatch({ prompts, maxTokens: 1, seed })).map(({ ids }) => ids),
    decode: (ids) => ids.join(' '),
    endToken: 0,
    padToken: 5,
    settings: {
      iterations: 120,
      rolloutSize: 128,
      minibatchSize: 128,
      maxTokens: 1,
      klCoefficient: coefficient,
      unfinishedScore: null,
      valueClipRange: null,
      whitenAdvantages: false,
      clipRange: 0.3,
    },
    onRollout: ({ scores }) => {
      seen.push(scores.reduce((a, b) => a + b, 0) / scores.length);
      return {};
    },
  });
  const trainer = await Trainer.create({
    stores: { policy, value: valueStore },
    phases: ppo.phases,
    createStep: trainStepsOn(engine),
    settings: {
      steps: ppo.steps,
      optimizer: { kind: 'adam', epsilon: 1e-5, epsilonInside: 'tensorflow' },
      schedule: { kind: 'linear', learningRate: 0.01, finalFraction: 0 },
    },
  });
  for (let step = 0; step < ppo.steps; step++) await trainer.step();

  const program = await engine.compile(
    ({ parameters }) => ({
      out: logSoftmax(
        sliceAxis(model.logits(parameters as never, constant(Int32Array.of(1, 2), [1, 2])), { axis: 1, start: 1 }),
      ),
    }),
    { parameters: model.parameters },
  );
  const distribution = async (store: typeof policy): Promise<number[]> => {
    const { out } = (await program.run({ parameters: store })) as unknown as { out: Float32Array };
    return [...out].map(Math.exp);
  };
  const before = await distribution(reference);
  const unnormalised = before.map((probability, token) => probability * Math.exp(rewardOf[token]! / coefficient));
  const total = unnormalised.reduce((a, b) => a + b, 0);
  const best = unnormalised.map((weight) => weight / total);
  const after = await distribution(policy);
  const distance = (from: number[]): number => from.reduce((sum, p, token) => sum + Math.abs(p - best[token]!), 0) / 2;
  expect(distance(before)).toBeGreaterThan(0.3);
  expect(distance(after)).toBeLessThan(0.06);
  expect(seen.at(-1)).toBeGreaterThan(seen[0]!);
}, 120_000);
