import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import type { Engine, Program, Store } from '../../runtime/engine.js';
import { type Tensor, int32, logProbOf } from '../../tensor/index.js';
import { type RowShape, type RowTensors, rowArrays, rowSpec } from '../answer-rows.js';
import type { ScalarModel, ScalarParameters } from '../scalar-model.js';
import { logitsAt } from './losses.js';
import type { ResponseLayout } from './responses.js';
import type { RolloutModels } from './rollouts.js';
import type { RolloutConfig } from './settings.js';

export interface RolloutModelOptions {
  readonly engine: Engine;
  readonly policy: { readonly model: Gpt; readonly store: Store };
  readonly reference: Store;
  readonly value?: { readonly model: ScalarModel; readonly store: Store };
  readonly sample: RolloutModels['sample'];
  readonly config: Pick<RolloutConfig, 'minibatchSize' | 'maxTokens' | 'temperature'>;
  readonly shape: RowShape;
}

/** The forward passes over a round's answers, compiled when they are first needed. The reference runs the policy's program on its own store. */
export function rolloutModels(options: RolloutModelOptions): RolloutModels {
  const { engine, policy, reference, value, config, shape } = options;
  const size = config.minibatchSize * config.maxTokens;
  const batch = (rows: number) => ({ ...rowSpec({ rows, time: shape.time }), states: int32(size) });
  const logProbProgram = forEachSize((rows) =>
    engine.compile(
      (args: { parameters: GptParameters; batch: AnswerTensors & { readonly targets: Tensor } }) => ({
        out: logProbOf(logitsAt(policy.model, args.parameters, args.batch, config.temperature), args.batch.targets),
      }),
      { parameters: policy.model.parameters, batch: { ...batch(rows), targets: int32(size) } } as never,
      { name: 'log-probabilities' },
    ),
  );
  /** Runs a program over layouts and joins what it says; places that are not of an answer become 0. */
  const over = async (
    layouts: readonly ResponseLayout[],
    run: (layout: ResponseLayout, rows: number) => Promise<unknown>,
  ): Promise<Float32Array> => {
    const all = new Float32Array(layouts.length * size);
    for (const [index, layout] of layouts.entries()) {
      const { out } = (await run(layout, layout.tokens.length / shape.time)) as { out: Float32Array };
      all.set(
        out.map((number, at) => (layout.mask[at] === 0 ? 0 : number)),
        index * size,
      );
    }
    return all;
  };
  const logProbsOf = (parameters: Store) => (layouts: readonly ResponseLayout[]) =>
    over(layouts, async (layout, rows) => {
      const { states, targets } = layout;
      return (await logProbProgram(rows)).run({ parameters, batch: { ...rowArrays(layout), states, targets } });
    });
  const valuesOf = ({ model, store: parameters }: NonNullable<typeof value>) => {
    const valueProgram = forEachSize((rows) =>
      engine.compile(
        (args: { parameters: ScalarParameters; batch: AnswerTensors }) => ({
          out: model.at(args.parameters, args.batch, args.batch.states),
        }),
        { parameters: model.parameters, batch: batch(rows) } as never,
        { name: 'values' },
      ),
    );
    return (layouts: readonly ResponseLayout[]) =>
      over(layouts, async (layout, rows) =>
        (await valueProgram(rows)).run({ parameters, batch: { ...rowArrays(layout), states: layout.states } }),
      );
  };
  return {
    sample: options.sample,
    logProbs: logProbsOf(policy.store),
    referenceLogProbs: logProbsOf(reference),
    ...(value && { values: valuesOf(value) }),
  };
}

/** Compiles a program for a number of rows when it is first asked for. */
function forEachSize(compile: (rows: number) => Promise<Program>): (rows: number) => Promise<Program> {
  const compiled = new Map<number, Promise<Program>>();
  return (rows) => {
    const program = compiled.get(rows) ?? compile(rows);
    compiled.set(rows, program);
    return program;
  };
}

type AnswerTensors = RowTensors & { readonly states: Tensor };
