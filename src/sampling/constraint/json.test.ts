import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { counterRandom } from '../../tensor/random.js';
import { trainTokenizer } from '../../tokenizer/bpe-trainer.js';
import { CharacterTokenizer } from '../../tokenizer/character-tokenizer.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { Automaton } from './automaton.js';
import { jsonSchemaGrammar } from './json-schema.js';
import { jsonConstraint } from './json.js';

let tokenizer: Tokenizer;
let end: number;
beforeAll(async () => {
  const text = ['{"name": "Ann", "age": 42, "tags": ["a", "b"], "is": true, "no": null, "x": -1.5e3}\n'];
  tokenizer = await trainTokenizer({ text: [...text, ...text, 'é ü 漢字 😀 😀'], vocabSize: 330 });
  end = tokenizer.idOf(CONTROL.end);
});

/** An answer of a model that knows nothing: every token that may come is as likely. */
function answer(
  schema: unknown,
  { seed, most = 400 }: { seed: number; most?: number },
): { text: string; ended: boolean } {
  const random = counterRandom(seed, 'json', 0);
  const rules = jsonConstraint(tokenizer, schema, [end])();
  const logits = new Float32Array(tokenizer.vocabSize);
  const ids: number[] = [];
  while (ids.length < most) {
    const restricted = rules.restrict(logits, most - ids.length);
    const possible = [...restricted.keys()].filter((id) => restricted[id] !== -Infinity);
    expect(possible.length).toBeGreaterThan(0);
    const id = possible[Math.floor(random() * possible.length)]!;
    if (id === end) return { text: tokenizer.decode(ids), ended: true };
    ids.push(id);
    rules.push(id);
    if (rules.isComplete) return { text: tokenizer.decode(ids), ended: true };
  }
  return { text: tokenizer.decode(ids), ended: false };
}

/** What a value breaks of a schema, by another reader of schemas; which cannot compare objects. */
function complaint(schema: Record<string, unknown>): (value: unknown) => string | undefined {
  const values = 'const' in schema ? [schema['const']] : schema['enum'];
  const validator = z.fromJSONSchema(schema as never);
  return (value) => {
    if (!Array.isArray(values)) return validator.safeParse(value).error?.message;
    return values.some((each) => isDeepStrictEqual(each, value)) ? undefined : 'none of the values';
  };
}

const schemas: [string, Record<string, unknown>][] = [
  ['any object', { type: 'object' }],
  ['anything', {}],
  ['a string', { type: 'string' }],
  ['a short string', { type: 'string', minLength: 2, maxLength: 5 }],
  ['a number', { type: 'number' }],
  ['an integer', { type: 'integer' }],
  ['a small integer', { type: 'integer', minimum: -12, maximum: 105 }],
  ['a positive number', { type: 'number', exclusiveMinimum: 0, maximum: 10 }],
  ['a number below', { type: 'number', maximum: -3 }],
  ['true, false or null', { type: ['boolean', 'null'] }],
  ['one of some values', { enum: ['yes', 'nö', 3, null, { a: [1, 2] }, 'a "quote"\n'] }],
  ['a constant', { const: { deep: { er: [true] } } }],
  ['a list', { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 4 }],
  ['no list', { type: 'array', items: { type: 'integer' }, maxItems: 0 }],
  ['a pair', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'boolean' }], items: false }],
  ['a map', { type: 'object', additionalProperties: { type: 'number' } }],
  [
    'an object with all its properties',
    {
      type: 'object',
      properties: {
        name: { type: 'string' },
        age: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['name', 'age', 'tags'],
      additionalProperties: false,
    },
  ],
  [
    'an object with some',
    {
      properties: { a: { type: 'null' }, b: { type: 'boolean' }, c: { enum: [1, 2] }, d: { type: 'null' } },
      required: ['c'],
    },
  ],
  [
    'an object of which nothing is required',
    { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } } },
  ],
  [
    'alternatives',
    {
      anyOf: [
        { type: 'string', maxLength: 3 },
        { type: 'object', properties: { k: { const: 1 } }, required: ['k'] },
      ],
    },
  ],
  [
    'alternatives of which one holds',
    {
      oneOf: ['cat', 'dog'].map((kind) => ({
        type: 'object',
        properties: { kind: { const: kind }, size: { type: 'number' } },
        required: ['kind'],
      })),
    },
  ],
  [
    'a tree',
    {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
          required: ['value', 'children'],
          additionalProperties: false,
        },
      },
    },
  ],
];

describe.each(schemas)('%s', (_name, schema) => {
  it('is what every answer is, however little room there is', () => {
    const problemOf = complaint(schema);
    const shortest = new Automaton(jsonSchemaGrammar(schema)).start.least;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 60 }), (seed, more) => {
        const { text } = answer(schema, { seed, most: shortest + more });
        const value: unknown = JSON.parse(text);
        expect(problemOf(value)).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });
});

describe('every text that the grammar has', () => {
  const matches = (schema: unknown, text: string): boolean => {
    const automaton = new Automaton(jsonSchemaGrammar(schema));
    let state = automaton.start;
    for (const byte of new TextEncoder().encode(text)) {
      const next = automaton.step(state, byte);
      if (next === null) return false;
      state = next;
    }
    return state.mayEnd;
  };

  it('includes the JSON that JSON.stringify writes, and excludes what does not parse', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: false }),
        (value) => matches({}, JSON.stringify(value)) || /\d{16}|e[+-]\d{3}|\\ud[89a-f]/i.test(JSON.stringify(value)),
      ),
    );
    for (const text of [
      '',
      '{',
      '{"a"}',
      '[1,]',
      '01',
      '1.',
      '-',
      '+1',
      "'a'",
      '"\n"',
      '"\\x"',
      '"\\ud800"',
      'nul',
      '{"a":1,}',
      '[1 ,2]',
    ]) {
      expect(matches({}, text)).toBe(false);
    }
  });

  it('has exactly the integers of a range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1500, max: 1500 }),
        fc.nat(2000),
        fc.integer({ min: -4000, max: 4000 }),
        (low, size, n) => {
          const schema = { type: 'integer', minimum: low, maximum: low + size };
          expect(matches(schema, String(n))).toBe(n >= low && n <= low + size);
        },
      ),
    );
  });

  it('lets a string have as many characters as it may, of several bytes too', () => {
    const schema = { type: 'string', minLength: 2, maxLength: 3 };
    for (const text of ['ab', 'abc', 'éü', '漢字x', 'a\\n']) expect(matches(schema, `"${text}"`)).toBe(true);
    for (const text of ['a', 'abcd', 'é']) expect(matches(schema, `"${text}"`)).toBe(false);
  });
});

describe('a schema that is not supported', () => {
  it.each([
    ['a keyword', { type: 'string', pattern: 'a+' }, /#\/pattern/],
    [
      'a keyword deep inside',
      { properties: { a: { items: { multipleOf: 2 } } } },
      /#\/properties\/a\/items\/multipleOf/,
    ],
    ['something beside anyOf', { anyOf: [{}], type: 'string' }, /type cannot stand beside anyOf/],
    ['options that overlap', { oneOf: [{ type: 'number' }, { type: 'integer' }] }, /oneOf has options/],
    ['a pointer to nothing', { $ref: '#/$defs/a' }, /points to nothing/],
    ['a pointer elsewhere', { $ref: 'http://x/y' }, /points out/],
    ['a name of no type', { type: 'text' }, /"text"/],
    ['what never ends', { $ref: '#' }, /no text that ends/],
    ['no number', { type: 'number', minimum: 0.2, maximum: 0.8 }, /no number/],
    ['a property that is not declared', { required: ['a'], additionalProperties: false, type: 'object' }, /'a'/],
  ])('%s', (_name, schema, message) => {
    expect(() => jsonConstraint(tokenizer, schema)).toThrow(message);
  });

  it('and a tokenizer that cannot write everything', () => {
    expect(() => jsonConstraint(CharacterTokenizer.fromText('abc'), {})).toThrow(/every byte/);
  });
});
