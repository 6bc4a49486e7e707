import { ConfigError } from '../../errors.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import type { Automaton, State } from './automaton.js';
import type { Constraint } from './constraint.js';

/** The tokens of a vocabulary by their bytes. */
interface TrieNode {
  readonly children: Map<number, TrieNode>;
  /** Tokens that end here. */
  readonly ids: number[];
}

const newNode = (): TrieNode => ({ children: new Map(), ids: [] });

const tries = new WeakMap<Tokenizer, TrieNode>();

/** @throws ConfigError when some byte is no token: not every text could be written */
function trieOf(tokenizer: Tokenizer): TrieNode {
  const known = tries.get(tokenizer);
  if (known) return known;
  const root = newNode();
  const controls = new Set(tokenizer.controlTokens.values());
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const bytes = controls.has(id) ? undefined : tokenizer.bytesOf(id);
    if (bytes === undefined || bytes.length === 0) continue;
    let node = root;
    for (const byte of bytes) {
      let child = node.children.get(byte);
      if (child === undefined) node.children.set(byte, (child = newNode()));
      node = child;
    }
    node.ids.push(id);
  }
  const isMissing = (byte: number): boolean => (root.children.get(byte)?.ids.length ?? 0) === 0;
  if (Array.from({ length: 256 }, (_, byte) => byte).some(isMissing)) {
    throw new ConfigError('This tokenizer has no token for every byte, so an answer cannot be held to a format', {
      advice: 'Use a model with a byte-level tokenizer.',
    });
  }
  tries.set(tokenizer, root);
  return root;
}

/** Tokens that may come in a state, and the fewest bytes that are missing after each. */
interface Allowed {
  readonly ids: Int32Array;
  readonly least: Float64Array;
}

/**
 * Holds answers to a grammar of bytes: of the tokens only those come whose bytes fit, and of these only those after
 * which the answer can still be completed with the tokens that are left. Since every byte is a token, an answer that may
 * be as long as the grammar's shortest text is always completed.
 */
export class TokenRules {
  readonly #automaton: Automaton;
  readonly #tokenizer: Tokenizer;
  readonly #trie: TrieNode;
  readonly #stopTokens: readonly number[];
  readonly #allowed = new WeakMap<State, Allowed>();

  /** @throws ConfigError for a tokenizer without a token for every byte */
  constructor(automaton: Automaton, tokenizer: Tokenizer, stopTokens: readonly number[]) {
    this.#automaton = automaton;
    this.#trie = trieOf(tokenizer);
    this.#stopTokens = stopTokens;
    this.#tokenizer = tokenizer;
  }

  /** How much is remembered. */
  get size(): number {
    return this.#automaton.size;
  }

  /** For an answer that begins. */
  constraint(): Constraint {
    let state = this.#automaton.start;
    return {
      restrict: (logits, left) => this.#restrict(state, logits, left),
      push: (id) => {
        for (const byte of this.#tokenizer.bytesOf(id)) state = this.#automaton.step(state, byte) ?? state;
      },
      get isComplete() {
        return state.mayEnd && state.frames.length === 0;
      },
    };
  }

  #restrict(state: State, logits: Float32Array, left: number): Float32Array {
    const { ids, least } = this.#allowedIn(state);
    const restricted = new Float32Array(logits.length).fill(-Infinity);
    // Where there is not even room for the shortest text, the answer goes as far as it can.
    const room = state.least > left ? Infinity : left - 1;
    for (let index = 0; index < ids.length; index++) {
      if (least[index]! <= room) restricted[ids[index]!] = logits[ids[index]!]!;
    }
    if (state.mayEnd) for (const id of this.#stopTokens) restricted[id] = logits[id]!;
    return restricted;
  }

  #allowedIn(state: State): Allowed {
    const known = this.#allowed.get(state);
    if (known) return known;
    const ids: number[] = [];
    const least: number[] = [];
    const visit = (node: TrieNode, at: State): void => {
      for (const [byte, child] of node.children) {
        const next = this.#automaton.step(at, byte);
        if (next === null) continue;
        for (const id of child.ids) {
          ids.push(id);
          least.push(next.least);
        }
        visit(child, next);
      }
    };
    visit(this.#trie, state);
    const allowed = { ids: Int32Array.from(ids), least: Float64Array.from(least) };
    this.#allowed.set(state, allowed);
    return allowed;
  }
}
