/** Texts as sets, over bytes: a small language in which formats are described. */
export type Grammar =
  | { readonly kind: 'bytes'; readonly allowed: Uint8Array }
  | { readonly kind: 'sequence'; readonly parts: readonly Grammar[] }
  | { readonly kind: 'choice'; readonly options: readonly Grammar[] }
  | { readonly kind: 'repeat'; readonly of: Grammar; readonly least: number; readonly most: number }
  /** Another grammar, which may contain this one. */
  | { readonly kind: 'reference'; readonly to: () => Grammar };

export const sequence = (...parts: readonly Grammar[]): Grammar => ({ kind: 'sequence', parts });
export const choice = (...options: readonly Grammar[]): Grammar => ({ kind: 'choice', options });
export const repeat = (of: Grammar, least = 0, most = Infinity): Grammar => ({ kind: 'repeat', of, least, most });
export const optional = (of: Grammar): Grammar => repeat(of, 0, 1);
export const reference = (to: () => Grammar): Grammar => ({ kind: 'reference', to });
export const nothing: Grammar = sequence();

/** One byte from these ranges, both ends included; a single character stands for itself. */
export function oneOf(...ranges: readonly (string | readonly [number, number])[]): Grammar {
  const allowed = new Uint8Array(256);
  for (const range of ranges) {
    if (typeof range === 'string') for (const character of range) allowed[character.charCodeAt(0)] = 1;
    else allowed.fill(1, range[0], range[1] + 1);
  }
  return { kind: 'bytes', allowed };
}

/** This very text. */
export const literal = (text: string): Grammar =>
  sequence(...Array.from(new TextEncoder().encode(text), (byte) => oneOf([byte, byte])));

/** Fewest bytes of a text of each grammar that is part of one; infinite where a grammar never comes to an end. */
export class LeastBytes {
  readonly #known = new Map<Grammar, number>();

  constructor(root: Grammar) {
    // A grammar that contains itself is as short as its parts, whose lengths are first taken for infinite.
    for (let isNew = true; isNew;) {
      isNew = false;
      const seen = new Set<Grammar>();
      const visit = (grammar: Grammar): void => {
        if (seen.has(grammar)) return;
        seen.add(grammar);
        for (const part of partsOf(grammar)) visit(part);
        const least = this.#lengthOf(grammar);
        if (least === this.#known.get(grammar)) return;
        this.#known.set(grammar, least);
        isNew = true;
      };
      visit(root);
    }
  }

  of(grammar: Grammar): number {
    // A repetition that has begun is not among the parts that were visited.
    return this.#known.get(grammar) ?? this.#lengthOf(grammar);
  }

  #lengthOf(grammar: Grammar): number {
    const of = (part: Grammar): number => this.#known.get(part) ?? Infinity;
    switch (grammar.kind) {
      case 'bytes':
        return grammar.allowed.includes(1) ? 1 : Infinity;
      case 'sequence':
        return grammar.parts.reduce((sum, part) => sum + of(part), 0);
      case 'choice':
        return Math.min(...grammar.options.map(of));
      case 'repeat':
        return grammar.least === 0 ? 0 : grammar.least * of(grammar.of);
      case 'reference':
        return of(grammar.to());
    }
  }
}

function partsOf(grammar: Grammar): readonly Grammar[] {
  switch (grammar.kind) {
    case 'bytes':
      return [];
    case 'sequence':
      return grammar.parts;
    case 'choice':
      return grammar.options;
    case 'repeat':
      return [grammar.of];
    case 'reference':
      return [grammar.to()];
  }
}
