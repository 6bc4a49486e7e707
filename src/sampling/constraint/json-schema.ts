import { ConfigError } from '../../errors.js';
import { type Grammar, choice, nothing, optional, reference, sequence } from './grammar.js';
import * as json from './json-values.js';

/**
 * A JSON Schema as a grammar. Each text of it is valid against the schema; a schema may allow more (properties in another
 * order or beside those it names, other spaces), which is not written. Keywords that only describe are passed over, and
 * one that limits in a way that is not known here is refused.
 */

type Schema = Readonly<Record<string, unknown>>;

const describing = new Set(
  '$schema $id $comment $defs definitions title description default examples deprecated readOnly writeOnly'.split(' '),
);

/** Keywords of each type. */
const limiting: Record<string, readonly string[]> = {
  string: ['minLength', 'maxLength'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  object: ['properties', 'required', 'additionalProperties'],
};

/** @throws ConfigError naming the place in the schema that is not understood */
export function jsonSchemaGrammar(root: unknown): Grammar {
  const named = new Map<string, Grammar>();

  const grammarOf = (given: unknown, at: string): Grammar => {
    if (given === true) return json.anyValue;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw problem(at, 'is no schema');
    const schema = given as Schema;
    const keys = Object.keys(schema).filter((key) => !describing.has(key));
    const alone = (key: string): unknown => {
      const other = keys.find((each) => each !== key);
      if (other !== undefined) throw problem(`${at}/${other}`, `cannot stand beside ${key}`);
      return schema[key];
    };
    if ('$ref' in schema) return pointedGrammar(text(alone('$ref'), `${at}/$ref`));
    if ('anyOf' in schema) return choice(...options(alone('anyOf'), `${at}/anyOf`));
    if ('oneOf' in schema) {
      const list = schema['oneOf'];
      const grammars = options(alone('oneOf'), `${at}/oneOf`);
      checkApart(list as Schema[], `${at}/oneOf`);
      return choice(...grammars);
    }
    if ('const' in schema || 'enum' in schema) return choice(...valuesOf(schema, keys, at).map(json.valueLiteral));
    return typed(schema, keys, at);
  };

  /** A schema that is pointed to, perhaps from within itself. */
  const pointedGrammar = (pointer: string): Grammar => {
    const known = named.get(pointer);
    if (known) return known;
    const target = pointedTo(root, pointer);
    let grammar: Grammar | undefined;
    const placeholder = reference(() => grammar!);
    named.set(pointer, placeholder);
    grammar = grammarOf(target, pointer);
    return placeholder;
  };

  const options = (list: unknown, at: string): Grammar[] => {
    if (!Array.isArray(list) || list.length === 0) throw problem(at, 'is no list of schemas');
    return list.map((option, index) => grammarOf(option, `${at}/${index}`));
  };

  const typed = (schema: Schema, keys: readonly string[], at: string): Grammar => {
    const types = typesOf(schema, keys);
    const known = new Set(['type', ...types.flatMap((type) => limiting[type] ?? [])]);
    const unknown = keys.find((key) => !known.has(key));
    if (unknown !== undefined) throw problem(`${at}/${unknown}`, 'is a keyword that is not supported');
    if (types.length === 0) return json.anyValue;
    return choice(...types.map((type) => ofType(type, schema, at)));
  };

  const ofType = (type: string, schema: Schema, at: string): Grammar => {
    switch (type) {
      case 'string':
        return json.stringOf(...limits(schema, at, 'minLength', 'maxLength'));
      case 'integer':
      case 'number':
        return numeric(type, schema, at);
      case 'boolean':
        return choice(json.valueLiteral(true), json.valueLiteral(false));
      case 'null':
        return json.valueLiteral(null);
      case 'array':
        return array(schema, at);
      case 'object':
        return object(schema, at);
      default:
        throw problem(`${at}/type`, `is ${JSON.stringify(type)}, which is no type`);
    }
  };

  const array = (schema: Schema, at: string): Grammar => {
    const { items = true, prefixItems } = schema;
    const [least, most] = limits(schema, at, 'minItems', 'maxItems');
    if (prefixItems === undefined) {
      if (items === false) return json.arrayOf(nothing);
      return json.arrayOf(json.listOf(grammarOf(items, `${at}/items`), least, most));
    }
    const first = options(prefixItems, `${at}/prefixItems`);
    if (least > first.length || most < first.length) throw problem(at, 'limits an array beside prefixItems');
    return json.arrayOf(sequence(...first.flatMap((item, index) => (index === 0 ? [item] : [json.comma, item]))));
  };

  const object = (schema: Schema, at: string): Grammar => {
    const { properties = {}, required = [], additionalProperties = true } = schema;
    if (typeof properties !== 'object' || properties === null) throw problem(`${at}/properties`, 'is no object');
    if (!Array.isArray(required)) throw problem(`${at}/required`, 'is no list of names');
    const declared = properties as Schema;
    const missing = (required as string[]).filter((name) => !Object.hasOwn(declared, name));
    const names = [...Object.keys(declared), ...missing];
    const isFree = additionalProperties !== false;
    if (missing.length > 0 && !isFree) throw problem(`${at}/required`, `names '${missing[0]!}', which is not declared`);
    if (names.length === 0) {
      return isFree
        ? json.mapOf(grammarOf(additionalProperties, `${at}/additionalProperties`))
        : json.objectOf(nothing);
    }
    const others = isFree ? additionalProperties : true;
    const members = names.map((name) => {
      const value = Object.hasOwn(declared, name) ? declared[name] : others;
      const pair = sequence(json.valueLiteral(name), json.colon, grammarOf(value, `${at}/properties/${name}`));
      return { pair, isRequired: (required as string[]).includes(name) };
    });
    return json.objectOf(membersInOrder(members));
  };

  return grammarOf(root, '#');
}

interface Member {
  readonly pair: Grammar;
  readonly isRequired: boolean;
}

/** Members one after the other, those that need not be there perhaps left out. */
function membersInOrder(members: readonly Member[]): Grammar {
  /** What follows a member. */
  let after: Grammar = nothing;
  /** What stands where none has come before. */
  let first: Grammar = nothing;
  for (const { pair, isRequired } of members.toReversed()) {
    const begun = sequence(pair, after);
    first = isRequired ? begun : choice(begun, first);
    const next = sequence(json.comma, pair);
    after = sequence(isRequired ? next : optional(next), after);
  }
  return first;
}

/** The types that a schema names, or that its keywords imply. */
function typesOf({ type }: Schema, keys: readonly string[]): string[] {
  if (Array.isArray(type)) return type as string[];
  if (typeof type === 'string') return [type];
  // A keyword limits values of its own type alone; a schema that gives one means that type.
  return Object.keys(limiting).filter(
    (name) => name !== 'integer' && limiting[name]!.some((key) => keys.includes(key)),
  );
}

function numeric(type: 'integer' | 'number', schema: Schema, at: string): Grammar {
  if (!limiting[type]!.some((key) => key in schema)) return json[type];
  const value = (key: string, none: number): number => {
    const given = schema[key] ?? none;
    if (typeof given !== 'number') throw problem(`${at}/${key}`, 'is no number');
    return given;
  };
  // Beyond an excluded limit, the next integer is the first that is allowed.
  const least = Math.max(value('minimum', -Infinity), Math.floor(value('exclusiveMinimum', -Infinity)) + 1);
  const most = Math.min(value('maximum', Infinity), Math.ceil(value('exclusiveMaximum', Infinity)) - 1);
  const grammar = type === 'integer' ? json.integerBetween(least, most) : json.numberBetween(least, most);
  if (grammar === undefined) throw problem(at, 'leaves no number that could be written');
  return grammar;
}

function limits(schema: Schema, at: string, leastKey: string, mostKey: string): [number, number] {
  const [least, most] = [schema[leastKey] ?? 0, schema[mostKey] ?? Infinity];
  for (const [key, value] of [
    [leastKey, least],
    [mostKey, most],
  ] as const) {
    const isCount = value === Infinity || (Number.isInteger(value) && (value as number) >= 0);
    if (!isCount) throw problem(`${at}/${key}`, 'is no whole number');
  }
  if ((least as number) > (most as number)) throw problem(`${at}/${leastKey}`, `is more than ${mostKey}`);
  return [least as number, most as number];
}

/** The values of `enum` or `const` that are of the type that stands beside it. */
function valuesOf(schema: Schema, keys: readonly string[], at: string): unknown[] {
  const other = keys.find((key) => !['const', 'enum', 'type'].includes(key));
  if (other !== undefined) throw problem(`${at}/${other}`, 'cannot stand beside enum or const');
  const given = 'const' in schema ? [schema['const']] : schema['enum'];
  if (!Array.isArray(given)) throw problem(`${at}/enum`, 'is no list of values');
  const types = typesOf(schema, []);
  const values = given.filter((value) => types.length === 0 || types.some((type) => isOfType(value, type)));
  if (values.length === 0) throw problem(at, 'leaves no value');
  return values;
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** `oneOf` means exactly one: its options have to differ in type, or in a property with a fixed value. */
function checkApart(list: readonly Schema[], at: string): void {
  const tags = (schema: Schema): Map<string, string> => {
    const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
    const required = (schema['required'] ?? []) as string[];
    const fixed = Object.entries(properties).filter(([name, value]) => 'const' in value && required.includes(name));
    return new Map(fixed.map(([name, value]) => [name, JSON.stringify(value['const'])]));
  };
  const typeOf = ({ type }: Schema): unknown => (type === 'integer' ? 'number' : type);
  list.forEach((a, index) => {
    for (const b of list.slice(index + 1)) {
      const differInType = typeof a['type'] === 'string' && typeof b['type'] === 'string' && typeOf(a) !== typeOf(b);
      const others = tags(b);
      const differInTag = [...tags(a)].some(([name, value]) => others.has(name) && others.get(name) !== value);
      if (!differInType && !differInTag) throw problem(at, 'has options that may both be true; anyOf may have such');
    }
  });
}

/** What a pointer such as `#/$defs/node` points to. */
function pointedTo(root: unknown, pointer: string): unknown {
  if (pointer === '#') return root;
  if (!pointer.startsWith('#/')) throw problem(pointer, 'points out of the schema');
  const keys = pointer
    .slice(2)
    .split('/')
    .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'));
  let target: unknown = root;
  for (const key of keys) {
    const isThere = typeof target === 'object' && target !== null && Object.hasOwn(target, key);
    if (!isThere) throw problem(pointer, 'points to nothing');
    target = (target as Record<string, unknown>)[key];
  }
  return target;
}

function text(value: unknown, at: string): string {
  if (typeof value === 'string') return value;
  throw problem(at, 'is no text');
}

const problem = (at: string, what: string): ConfigError =>
  new ConfigError(`JSON schema: ${at} ${what}`, {
    advice:
      'There are: type, enum, const, anyOf, oneOf, $ref; properties, required, additionalProperties; items, prefixItems, minItems, maxItems; minLength, maxLength; minimum, maximum and their exclusive kin.',
  });
