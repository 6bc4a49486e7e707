import { ConfigError } from '../../errors.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { Automaton } from './automaton.js';
import type { Constraint } from './constraint.js';
import { jsonSchemaGrammar } from './json-schema.js';
import { TokenRules } from './token-constraint.js';

/** Rules of schemas that were asked for lately. */
const MOST_SCHEMAS = 32;
/** States after which rules are made anew, so that they do not grow without end. */
const MOST_STATES = 50_000;

const known = new WeakMap<Tokenizer, Map<string, TokenRules>>();

/**
 * Makes what holds answers to a JSON schema: each is JSON, and valid, if it may be long enough.
 *
 * @param stopTokens may end an answer that is complete
 * @throws ConfigError naming the place in the schema that is not understood
 */
export function jsonConstraint(
  tokenizer: Tokenizer,
  schema: unknown,
  stopTokens: readonly number[] = [],
): () => Constraint {
  let rules = known.get(tokenizer);
  if (rules === undefined) known.set(tokenizer, (rules = new Map<string, TokenRules>()));
  const key = JSON.stringify([schema, stopTokens]);
  let own = rules.get(key);
  if (own === undefined || own.size > MOST_STATES) {
    const automaton = new Automaton(jsonSchemaGrammar(schema));
    if (automaton.start.least === Infinity) throw new ConfigError('JSON schema: no text that ends is valid');
    own = new TokenRules(automaton, tokenizer, stopTokens);
  }
  rules.delete(key);
  rules.set(key, own);
  if (rules.size > MOST_SCHEMAS) rules.delete(rules.keys().next().value!);
  const made = own;
  return () => made.constraint();
}
