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
    // A list in place of recursion: a grammar may be as deep as whoever wrote it likes.
    const open = [...starts];
    while (open.length > 0) {
      const frame = open.pop();
      if (frame === undefined) {
        mayEnd = true;
        continue;
      }
      if (seen.has(frame)) continue;
      seen.add(frame);
      if (frame.grammar.kind === 'bytes') frames.set(frame.id, frame);
      else open.push(...this.#expanded(frame.grammar, frame.rest));
    }
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

  /** What a grammar that is no byte begins with, in each way that there is. */
  #expanded(grammar: Exclude<Grammar, { kind: 'bytes' }>, rest: Frame | undefined): (Frame | undefined)[] {
    switch (grammar.kind) {
      case 'sequence':
        return [grammar.parts.reduceRight((after, part) => this.#frame(part, after), rest)];
      case 'choice':
        return grammar.options.map((option) => this.#frame(option, rest));
      case 'repeat': {
        const { of, least, most } = grammar;
        const again = most > 0 ? [this.#frame(of, this.#frame(this.#repetition(grammar), rest))] : [];
        return least === 0 ? [rest, ...again] : again;
      }
      case 'reference':
        return [this.#frame(grammar.to(), rest)];
    }
  }

  #frame(grammar: Grammar, rest: Frame | undefined): Frame {
    let byRest = this.#frames.get(grammar);
    if (byRest === undefined) this.#frames.set(grammar, (byRest = new Map<Frame | undefined, Frame>()));
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
    if (known === undefined) this.#repetitions.set(of, (known = new Map<string, Grammar>()));
    const key = `${Math.max(0, least - 1)} ${most - 1}`;
    let rest = known.get(key);
    if (rest === undefined) known.set(key, (rest = { ...grammar, least: Math.max(0, least - 1), most: most - 1 }));
    return rest;
  }
}
