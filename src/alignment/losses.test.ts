import { describe, expect, it } from 'vitest';
import { type Tensor, type TensorSpec, constant, gradients, trace } from '../tensor/index.js';
import { evaluate } from '../tensor/evaluate.test-helper.js';
import golden from './golden/losses.json' with { type: 'json' };
import { groupAdvantages } from './grpo/advantages.js';
import { tokenWeight } from './grpo/grpo.js';
import { groupLoss } from './grpo/loss.js';
import { grpoSchema } from './grpo/settings.js';
import { dpoLoss } from './preference/dpo.js';
import { ktoLoss } from './preference/kto.js';

/** Every loss and its gradient against PyTorch's values (golden/losses.py). */

function expectGolden(
  fn: (x: Tensor) => Tensor,
  values: readonly number[],
  shape: readonly number[],
  expected: { loss: number; gradient: readonly number[] },
): void {
  const spec: TensorSpec = { shape, dtype: 'float32' };
  const graph = trace(
    ({ x }) => {
      const loss = fn(x);
      return { loss, gradient: gradients(loss, [x])[0]! };
    },
    { x: spec },
  );
  const out = evaluate(graph, { x: Float32Array.from(values) });
  expect(out['loss']![0]).toBeCloseTo(expected.loss, 5);
  expected.gradient.forEach((value, index) => expect(out['gradient']![index]).toBeCloseTo(value, 5));
}

const float = (values: readonly number[]): Tensor => constant(Float32Array.from(values), [values.length]);
const int = (values: readonly number[]): Tensor => constant(Int32Array.from(values), [values.length]);

describe('losses of preferences', () => {
  const { beta } = golden;
  const pairs = () => ({ better: int(golden.better), worse: int(golden.worse), weight: float(golden.weight) });
  it.each([
    ['DPO', { loss: 'sigmoid', beta, labelSmoothing: 0 }, golden.dpo],
    ['DPO with smoothed labels', { loss: 'sigmoid', beta, labelSmoothing: 0.1 }, golden.smoothed],
    ['IPO', { loss: 'ipo', beta, labelSmoothing: 0 }, golden.ipo],
  ] as const)('%s', (_, config, expected) => {
    expectGolden((ratios) => dpoLoss(ratios, pairs(), config).loss, golden.ratios, [6], expected);
  });

  it.each([
    ['KTO, where the policy has not strayed', golden.kto],
    ['KTO, where it has', golden.strayed],
  ])('%s', (_, { foreign, ...expected }) => {
    const votes = () => ({ up: float(golden.up), down: float(golden.down), foreign: float(foreign) });
    const weights = { beta, upWeight: 1.2, downWeight: 0.8 };
    expectGolden((ratios) => ktoLoss(ratios, votes(), weights).loss, golden.ratios, [6], expected);
  });
});

describe('losses of groups', () => {
  const { clipRange, klCoefficient, mask } = golden;
  it.each([
    ['grpo', golden.grpo],
    ['dr-grpo', golden.drGrpo],
    ['rloo', golden.rloo],
  ] as const)('%s', (variant, expected) => {
    const config = grpoSchema.parse({ variant, minibatchSize: 3, maxTokens: 3 });
    const perAnswer = groupAdvantages(Float32Array.from(golden.rewards), 3, variant);
    const perToken = (of: (answer: number) => number): Tensor =>
      float(mask.map((on, index) => (on === 0 ? 0 : of(Math.floor(index / 3)))));
    expectGolden(
      (logits) =>
        groupLoss(
          logits,
          {
            targets: int(golden.targets),
            mask: float(mask),
            oldLogProbs: float(golden.old),
            referenceLogProbs: float(golden.reference),
            advantages: perToken((answer) => perAnswer[answer]!),
            weights: perToken((answer) => tokenWeight([3, 2, 1][answer]!, config)),
          },
          { clipRange, klCoefficient: variant === 'rloo' ? 0 : klCoefficient },
        ).loss,
      golden.logits,
      [9, 5],
      expected,
    );
  });
});
