import { type Grammar, LeastBytes } from './grammar.js';

/** What is still to come: a grammar, and then the rest. Equal ones are one object. */
interface Frame {
  readonly id: number;
  readonly grammar: Grammar;
  readonly rest: Frame | undefined;
  /** Fewest bytes until the end. */
  readonly least: number;
}

/** Where a text may stand in a grammar: every way to have come so far. Equal ones are one object. */
export interface State {
  /** Each begins with a byte. */
  readonly frames: readonly Frame[];
  /** Whether the text may end here. */
  readonly mayEnd: boolean;
  /** Fewest bytes that are missing. */
  readonly least: number;
  /** By byte: undefined until asked for, null where the text would not fit any more. */
  readonly next: (State | null | undefined)[];
}

/**
 * Reads a text byte by byte against a grammar. States are made as texts reach them and then kept, so that going the same
 * way again costs one look.
 */
export class Automaton {
  readonly start: State;
  readonly #least: LeastBytes;
  readonly #frames = new Map<Grammar, Map<Frame | undefined, Frame>>();
  readonly #repetitions = new Map<Grammar, Map<string, Grammar>>();
  readonly #states = new Map<string, State>();
  #frameCount = 0;

  constructor(root: Grammar) {
    this.#least = new LeastBytes(root);
    this.start = this.#state([this.#frame(root, undefined)]);
  }

  /** How many states were reached. */
  get size(): number {
    return this.#states.size;
  }

  /** The state after a byte more; null where the grammar does not allow it. */
  step(state: State, byte: number): State | null {
    const known = state.next[byte];
    if (known !== undefined) return known;
    const rests = state.frames.filter(({ grammar }) => grammar.kind === 'bytes' && grammar.allowed[byte] === 1);
    const next = rests.length === 0 ? null : this.#state(rests.map(({ rest }) => rest));
    state.next[byte] = next;
    return next;
  }

  #state(starts: readonly (Frame | undefined)[]): State {
    const frames = new Map<number, Frame>();
    const seen = new Set<Frame>();
    let mayEnd = false;
    const expand = (frame: Frame | undefined): void => {
      if (frame === undefined) {
        mayEnd = true;
        return;
      }
      if (seen.has(frame)) return;
      seen.add(frame);
      const { grammar, rest } = frame;
      switch (grammar.kind) {
        case 'bytes':
          frames.set(frame.id, frame);
          return;
        case 'sequence':
          expand(grammar.parts.reduceRight((after, part) => this.#frame(part, after), rest));
          return;
        case 'choice':
          for (const option of grammar.options) expand(this.#frame(option, rest));
          return;
        case 'repeat': {
          const { of, least, most } = grammar;
          if (least === 0) expand(rest);
          if (most > 0) expand(this.#frame(of, this.#frame(this.#repetition(grammar), rest)));
          return;
        }
        case 'reference':
          expand(this.#frame(grammar.to(), rest));
      }
    };
    for (const start of starts) expand(start);
    const ids = [...frames.keys()].sort((a, b) => a - b);
    const key = `${ids.join()}${mayEnd ? '.' : ''}`;
    const known = this.#states.get(key);
    if (known) return known;
    const list = ids.map((id) => frames.get(id)!);
    const least = mayEnd ? 0 : Math.min(...list.map((frame) => frame.least));
    const state: State = { frames: list, mayEnd, least, next: [] };
    this.#states.set(key, state);
    return state;
  }

  #frame(grammar: Grammar, rest: Frame | undefined): Frame {
    let byRest = this.#frames.get(grammar);
    if (byRest === undefined) this.#frames.set(grammar, (byRest = new Map()));
    let frame = byRest.get(rest);
    if (frame === undefined) {
      const least = this.#least.of(grammar) + (rest?.least ?? 0);
      byRest.set(rest, (frame = { id: this.#frameCount++, grammar, rest, least }));
    }
    return frame;
  }

  /** A repetition after its first part. */
  #repetition(grammar: Grammar & { kind: 'repeat' }): Grammar {
    const { of, least, most } = grammar;
    if (least === 0 && most === Infinity) return grammar;
    let known = this.#repetitions.get(of);
    if (known === undefined) this.#repetitions.set(of, (known = new Map()));
    const key = `${Math.max(0, least - 1)} ${most - 1}`;
    let rest = known.get(key);
    if (rest === undefined) known.set(key, (rest = { ...grammar, least: Math.max(0, least - 1), most: most - 1 }));
    return rest;
  }
}
