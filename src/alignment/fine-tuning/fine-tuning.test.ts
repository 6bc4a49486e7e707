import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteTokenizer } from '../../data/fixtures.test-helper.js';
import { type TaskKind, taskKinds } from '../../data/tasks/task.js';
import { textDefinition as bert } from '../../families/autoencoding/bert.js';
import { textDefinition as gpt } from '../../families/autoregressive/gpt-text.js';
import { initialise } from '../../nn/parameters.js';
import { evaluate } from '../../tensor/evaluate.test-helper.js';
import { trace } from '../../tensor/index.js';
import { CharacterTokenizer } from '../../tokenizer/character-tokenizer.js';
import {
  type ClassificationShape,
  classificationBatch,
  classificationShape,
  classificationSource,
  classificationSpec,
  groupExamples,
} from './batches.js';
import { textClassifier } from './classifier.js';
import { type EncodedExample, TASK_CONTROL, cutToFit, encodeExample } from './inputs.js';

const tokenizer = byteTokenizer('<|pad|>', ...Object.values(TASK_CONTROL));
const [start, delimiter, extract] = [257, 258, 259];
const encode = (kind: TaskKind, texts: string[], longest = 20): number[][] =>
  encodeExample({ texts, label: 0 }, { tokenizer, kind, longest }).sequences.map((ids) => [...ids]);
const [space, a, b, c] = [32, 97, 98, 99];

describe("GPT-1's input transformations", () => {
  it('put start, delimiter and extract around the texts, which stand behind a space', () => {
    expect(encode('classification', ['ab'])).toEqual([[start, space, a, b, extract]]);
    expect(encode('entailment', ['ab', 'c'])).toEqual([[start, space, a, b, delimiter, space, c, extract]]);
    expect(encode('similarity', ['ab', 'c'])).toEqual([
      [start, space, a, b, delimiter, space, c, extract],
      [start, space, c, delimiter, space, a, b, extract],
    ]);
    expect(encode('choice', ['a', 'b', 'c'])).toEqual([
      [start, space, a, delimiter, space, b, extract],
      [start, space, a, delimiter, space, c, extract],
    ]);
  });

  it('leave the space out where a tokenizer has none', () => {
    const characters = CharacterTokenizer.fromText('一二', ['<|pad|>', ...Object.values(TASK_CONTROL)]);
    const options = { tokenizer: characters, kind: 'classification', longest: 9 } as const;
    expect([...encodeExample({ texts: ['二一'], label: 0 }, options).sequences[0]!]).toEqual([3, 1, 0, 5]);
  });

  it('cut the longest text where the context is short', () => {
    expect(encode('classification', ['abc'], 4)).toEqual([[start, space, a, extract]]);
    expect(encode('entailment', ['aaaa', 'b'], 7)).toEqual([[start, space, a, delimiter, space, b, extract]]);
    expect(() => encode('entailment', ['a', 'b'], 4)).toThrow('4 tokens are too few for 2 texts');
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
        fc.nat(30),
        (sizes, room) => {
          const cut = cutToFit(
            sizes.map((size) => new Int32Array(size)),
            room,
          ).map(({ length }) => length);
          const sum = (list: number[]): number => list.reduce((x, y) => x + y, 0);
          expect(sum(cut)).toBe(Math.min(room, sum(sizes)));
          // None is cut that is shorter than another stays.
          cut.forEach((length, at) => {
            if (length < sizes[at]!) expect(Math.max(...cut) - length).toBeLessThanOrEqual(1);
          });
        },
      ),
    );
  });
});

const sequence = fc
  .array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 9 })
  .map((ids) => Int32Array.from(ids));
const examplesOf = (sequences: number) =>
  fc.array(
    fc.record({
      sequences: fc.array(sequence, { minLength: sequences, maxLength: sequences }),
      label: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

describe('batches of examples', () => {
  it.each(['first', 'last'] as const)('hold each sequence once, and where it is read: %s', (reads) => {
    fc.assert(
      fc.property(examplesOf(2), (examples) => {
        const shape = classificationShape(examples, { batchSize: 4, padToken: 9, reads });
        const batches = groupExamples(examples, shape);
        expect(batches.flat()).toEqual(examples);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(4);
          const { tokens, places, positions, weights } = classificationBatch(batch, shape);
          batch
            .flatMap(({ sequences }) => sequences)
            .forEach((ids, index) => {
              const at = places[index]!;
              expect(tokens[at]).toBe(reads === 'last' ? ids.at(-1) : ids[0]);
              expect(positions[at]).toBe(reads === 'last' ? ids.length - 1 : 0);
            });
          expect(weights.reduce((x, y) => x + y, 0)).toBeCloseTo(1, 6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('predict every token but the first of each sequence, with shares of a mean over sequences', () => {
    fc.assert(
      fc.property(examplesOf(3), (examples) => {
        const shape = classificationShape(examples, { batchSize: 12, padToken: 9, reads: 'last' });
        for (const batch of groupExamples(examples, shape)) {
          const { tokens, positions, from, targets, shares } = classificationBatch(batch, shape);
          const expected = new Map<string, number>();
          const found = new Map<string, number>();
          const add = (map: Map<string, number>, key: string, share: number) =>
            map.set(key, (map.get(key) ?? 0) + share);
          for (const ids of batch.flatMap(({ sequences }) => sequences)) {
            const share = 1 / (3 * batch.length) / (ids.length - 1);
            for (let at = 1; at < ids.length; at++) add(expected, `${at - 1} ${ids[at - 1]} ${ids[at]}`, share);
          }
          shares.forEach((share, index) => {
            const place = from[index]!;
            if (share > 0) add(found, `${positions[place]} ${tokens[place]} ${targets[index]}`, share);
          });
          expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
          for (const [key, share] of expected) expect(found.get(key)).toBeCloseTo(share, 6);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('go on where they stopped', () => {
    const examples = Array.from({ length: 7 }, (_, label) => ({ sequences: [Int32Array.of(label + 1, 2)], label }));
    const shape = classificationShape(examples, { batchSize: 3, padToken: 9, reads: 'last' });
    const [one, other] = [0, 1].map(() => classificationSource(examples, shape, 5));
    expect(one!.batchesPerEpoch).toBe(3);
    for (let step = 0; step < 4; step++) void one!.next();
    other!.restore(one!.state());
    expect(other!.next()).toEqual(one!.next());
  });
});

const bodies = {
  gpt: gpt.build(
    gpt.schema.parse({ contextLength: 12, layers: 2, heads: 2, width: 8, initialisation: 0.5, normPosition: 'post' }),
    { size: 10, controls: [] },
  ).body!,
  bert: bert.build(bert.schema.parse({ contextLength: 12, layers: 2, heads: 2, width: 8, initialisation: 0.5 }), {
    size: 10,
    controls: [8, 9],
  }).body!,
};

describe.each(['gpt', 'bert'] as const)('a classifier of %s', (name) => {
  const body = bodies[name];
  const run = (kind: TaskKind, examples: readonly EncodedExample[], shape: ClassificationShape) => {
    const model = textClassifier(body, { kind, classes: 3, sequences: shape.sequences });
    const values = initialise(model.parameters, 3);
    values['classifier.weight']!.forEach((value, at, all) => (all[at] = 50 * value));
    const graph = trace(
      ({ parameters, batch }) => ({
        logits: model.logits(parameters as never, batch),
        loss: model.loss(parameters as never, batch, { auxiliary: 0.5, dropout: 0 }).loss,
      }),
      { parameters: model.parameters, batch: classificationSpec(shape) },
    );
    const { logits, loss } = evaluate(graph, {
      ...Object.fromEntries(Object.entries(values).map(([path, data]) => [`parameters.${path}`, data])),
      ...Object.fromEntries(
        Object.entries(classificationBatch(examples, shape)).map(([key, data]) => [`batch.${key}`, data]),
      ),
    });
    const classes = logits!.length / shape.examples;
    return {
      rows: examples.map((_, index) => Array.from(logits!).slice(index * classes, (index + 1) * classes)),
      loss: loss![0]!,
    };
  };
  const shapeOf = (examples: readonly EncodedExample[], more: Partial<ClassificationShape> = {}) => ({
    ...classificationShape(examples, { batchSize: examples.length, padToken: 0, reads: body.reads }),
    ...{ rows: 2, time: 16, ...more },
  });
  const of = (...ids: number[]): Int32Array => Int32Array.from(ids);
  const single = [of(1, 2, 3), of(4, 5, 6, 7, 1), of(2, 2)].map((ids, label) => ({ sequences: [ids], label }));
  const several = [
    { sequences: [of(1, 2, 3, 4), of(1, 2, 5), of(1, 2, 6, 6, 6)], label: 2 },
    { sequences: [of(3, 1, 1), of(3, 2), of(3, 1, 2)], label: 0 },
  ];

  it.each(taskKinds)('reads an example alike alone, among others and behind padding: %s', (kind) => {
    const examples =
      kind === 'choice'
        ? several
        : kind === 'similarity'
          ? several.map(({ sequences, label }) => ({ sequences: sequences.slice(0, 2), label }))
          : single;
    const { rows } = run(kind, examples, shapeOf(examples));
    expect(rows[0]).toHaveLength(3);
    expect(Math.max(...rows.flat().map(Math.abs))).toBeGreaterThan(0.05);
    examples.forEach((example, index) => {
      const alone = run(kind, [example], shapeOf([example], { time: 20, examples: 2 })).rows[0]!;
      alone.forEach((value, at) => expect(value).toBeCloseTo(rows[index]![at]!, 8));
    });
  });

  it('has the mean over examples as its loss, however they are laid out', () => {
    for (const [kind, examples] of [
      ['choice', several],
      ['classification', single],
    ] as const) {
      const together = run(kind, examples, shapeOf(examples)).loss;
      const each = examples.map((example) => run(kind, [example], shapeOf([example])).loss);
      expect(together).toBeCloseTo(each.reduce((x, y) => x + y, 0) / each.length, 5);
    }
  });
});
