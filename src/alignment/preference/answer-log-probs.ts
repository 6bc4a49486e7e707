import type { Gpt, GptParameters } from '../../families/autoregressive/gpt.js';
import {
  type Tensor,
  cast,
  constant,
  equal,
  expandDims,
  int32,
  logProbOf,
  matmul,
  squeeze,
} from '../../tensor/index.js';
import { type Answered, type RowTensors, layOutAnswers, rowArrays, rowSpec } from '../answer-rows.js';
import type { GroupShape } from '../group-batches.js';
import { logitsAt } from '../ppo/losses.js';

/** How probable whole answers are: what DPO, IPO and KTO learn by. */

export interface AnswerShape extends GroupShape {
  /** Answer tokens per batch, at most. */
  readonly targets: number;
}

/** Room for every answer token of a batch: no more than its answers can have, and no more than the rows hold. */
export function answerShape(shape: GroupShape, groups: readonly Answered[]): AnswerShape {
  const lengths = groups.flatMap(({ answers }) => answers.map(({ length }) => length));
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  return { ...shape, targets: Math.min(shape.rows * shape.time, shape.answers * longest) };
}

/** Shapes of `answerArrays`. */
export function answerSpec(shape: AnswerShape) {
  const places = int32(shape.targets);
  return { ...rowSpec(shape), states: places, targets: places, owners: places };
}

/** Groups in rows; for each answer token the place of the state before it, the token, and which answer it is of. */
export function answerArrays(groups: readonly Answered[], shape: AnswerShape) {
  const rows = layOutAnswers(groups, shape);
  const states = new Int32Array(shape.targets);
  const targets = new Int32Array(shape.targets);
  const owners = new Int32Array(shape.targets).fill(-1);
  let [token, answer] = [0, 0];
  groups.forEach(({ answers }, group) => {
    answers.forEach((ids, number) => {
      const place = rows.places[group]![number]!;
      for (let step = 0; step < ids.length; step++) {
        states[token] = step === 0 ? place.prompt : place.answer + step - 1;
        targets[token] = ids[step]!;
        owners[token++] = answer;
      }
      answer++;
    });
  });
  return { ...rowArrays(rows), states, targets, owners };
}

export type AnswerTensors = RowTensors & Readonly<Record<'states' | 'targets' | 'owners', Tensor>>;

/** log π(answer | prompt) of each answer: the sum over its tokens, in nats. @returns [answers]; 0 where there is none */
export function answerLogProbs(model: Gpt, parameters: GptParameters, batch: AnswerTensors, answers: number): Tensor {
  const perToken = logProbOf(logitsAt(model, parameters, batch, 1), batch.targets);
  const numbers = constant(
    Int32Array.from({ length: answers }, (_, index) => index),
    [answers, 1],
  );
  const belongs = cast(equal(numbers, expandDims(batch.owners, 0)), 'float32');
  return squeeze(matmul(belongs, expandDims(perToken, 1)), -1);
}
