import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { float32, sub } from '../../tensor/index.js';
import { type LossTerm, type Phase, phase } from '../../training/phase.js';
import type { Answered } from '../answer-rows.js';
import { type GroupSource, groupIntoBatches, groupSource } from '../group-batches.js';
import { type AnswerShape, type AnswerTensors, answerArrays, answerLogProbs, answerSpec } from './answer-log-probs.js';
import type { Objective } from './objective.js';

/**
 * Learning from preferences without a reward model or sampling: the policy itself is the reward model, by how much more
 * probable it makes an answer than the model it started from does (Rafailov et al. 2023).
 */

export interface PreferenceOptions<Example> {
  readonly model: Gpt;
  readonly objective: Objective<Example>;
  readonly examples: readonly Example[];
  /** log π_ref of each example's answers, in the order of `objective.groupOf`; see `referenceLogProbs`. */
  readonly reference: readonly (readonly number[])[];
  readonly shape: AnswerShape;
  readonly seed: number;
  readonly also?: readonly LossTerm[];
}

interface WithReference<Example> {
  readonly example: Example;
  readonly reference: readonly number[];
}

const withReference = <Example>(
  examples: readonly Example[],
  reference: readonly (readonly number[])[],
): WithReference<Example>[] => examples.map((example, index) => ({ example, reference: reference[index]! }));

function batchSpec<Example>(objective: Objective<Example>, shape: AnswerShape) {
  const reference = float32(shape.answers);
  return { ...answerSpec(shape), ...objective.spec(shape.answers), reference };
}

function batchArrays<Example>(
  list: readonly WithReference<Example>[],
  objective: Objective<Example>,
  shape: AnswerShape,
) {
  const examples = list.map(({ example }) => example);
  const reference = new Float32Array(shape.answers);
  reference.set(list.flatMap((each) => each.reference));
  return {
    ...answerArrays(examples.map(objective.groupOf), shape),
    ...objective.arrays(examples, shape.answers),
    reference,
  };
}

function lossOf<Example>(model: Gpt, objective: Objective<Example>, shape: AnswerShape) {
  return (parameters: GptParameters, batch: AnswerTensors & { readonly reference: AnswerTensors['states'] }) => {
    const logProbs = answerLogProbs(model, parameters, batch, shape.answers);
    return objective.loss(sub(logProbs, batch.reference), batch);
  };
}

/** The phase that learns from preferences. */
export function preferencePhase<Example>(options: PreferenceOptions<Example>): { phase: Phase; source: GroupSource } {
  const { model, objective, examples, reference, shape, seed, also } = options;
  const source = groupSource(withReference(examples, reference), {
    ...shape,
    seed,
    groupOf: ({ example }) => objective.groupOf(example),
    batchOf: (list) => batchArrays(list, objective, shape),
    describe: `${examples.length} prompts with preferences`,
  });
  const loss = lossOf(model, objective, shape);
  return {
    source,
    phase: phase({
      name: objective.name,
      source,
      ...(also && { also }),
      parameters: model.parameters as never,
      batch: batchSpec(objective, shape),
      loss: (parameters, batch) => loss(parameters as GptParameters, batch as never),
    }),
  };
}

/** log π of every answer of every group under the parameters of a store, in nats. */
export async function referenceLogProbs(options: {
  engine: Engine;
  model: Gpt;
  store: Store;
  groups: readonly Answered[];
  shape: AnswerShape;
  signal?: AbortSignal;
}): Promise<number[][]> {
  const { engine, model, store, groups, shape, signal } = options;
  const program = await engine.compile(
    ({ parameters, batch }: { parameters: GptParameters; batch: AnswerTensors }) => ({
      out: answerLogProbs(model, parameters, batch, shape.answers),
    }),
    { parameters: model.parameters, batch: answerSpec(shape) } as never,
    { name: 'answer-log-probabilities' },
  );
  const found: number[][] = [];
  for (const batch of groupIntoBatches(groups, shape, (group) => group)) {
    const { out } = (await program.run({ parameters: store, batch: answerArrays(batch, shape) }, { signal })) as {
      out: Float32Array;
    };
    let next = 0;
    for (const { answers } of batch) found.push([...out.subarray(next, (next += answers.length))]);
  }
  return found;
}

/** Measures the objective on examples that are not learnt from: means over the prompts, of the loss and its figures. */
export async function heldOutPreference<Example>(
  options: Pick<PreferenceOptions<Example>, 'model' | 'objective' | 'examples' | 'reference' | 'shape'> & {
    engine: Engine;
    store: Store;
  },
): Promise<(options: { signal?: AbortSignal }) => Promise<Record<string, number>>> {
  const { engine, model, objective, examples, reference, shape, store } = options;
  const loss = lossOf(model, objective, shape);
  const program = await engine.compile(
    ({ parameters, batch }: { parameters: GptParameters; batch: never }) => ({ ...loss(parameters, batch) }),
    { parameters: model.parameters, batch: batchSpec(objective, shape) } as never,
    { name: 'held-out-preferences' },
  );
  const list = withReference(examples, reference);
  const batches = groupIntoBatches(list, shape, ({ example }) => objective.groupOf(example));
  return async ({ signal }) => {
    const totals: Record<string, number> = {};
    for (const batch of batches) {
      const outcome = await program.run({ parameters: store, batch: batchArrays(batch, objective, shape) }, { signal });
      const { loss: value, metrics } = outcome as unknown as {
        loss: Float32Array;
        metrics: Record<string, Float32Array>;
      };
      for (const [key, [figure]] of Object.entries({ loss: value, ...metrics })) {
        totals[key] = (totals[key] ?? 0) + (figure! * batch.length) / examples.length;
      }
    }
    return totals;
  };
}
