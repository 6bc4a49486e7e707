/** How a token of a corpus stands to its neighbours. */
type Kind = 'word' | 'open' | 'close' | 'mark' | 'join';

interface Piece {
  readonly text: string;
  readonly kind: Kind;
}

const fixed: Record<string, Piece> = {
  '``': { text: '"', kind: 'open' },
  "''": { text: '"', kind: 'close' },
  '(': { text: '(', kind: 'open' },
  '[': { text: '[', kind: 'open' },
  ')': { text: ')', kind: 'close' },
  ']': { text: ']', kind: 'close' },
  ',': { text: ',', kind: 'mark' },
  '.': { text: '.', kind: 'mark' },
  ';': { text: ';', kind: 'mark' },
  ':': { text: ':', kind: 'mark' },
  '?': { text: '?', kind: 'mark' },
  '!': { text: '!', kind: 'mark' },
  '--': { text: '—', kind: 'join' },
  '-': { text: '-', kind: 'join' },
};

/**
 * Writes the tokens of one paragraph of an annotated corpus as people do: no space before a mark, quotes tight around
 * what they enclose, commas and full stops inside them (as in the American print that the Brown corpus was keyed from),
 * a mark that was written twice once.
 */
export function detokenise(tokens: readonly string[]): string {
  const pieces = moveMarksIntoQuotes(dropRepeatedMarks(classify(tokens)));
  let text = '';
  let before: Kind = 'open';
  for (const { text: next, kind } of pieces) {
    const tight = before === 'open' || before === 'join' || kind === 'close' || kind === 'mark' || kind === 'join';
    text += tight ? next : ` ${next}`;
    before = kind;
  }
  return text;
}

function classify(tokens: readonly string[]): Piece[] {
  let singleQuoted = false;
  return tokens.map((token) => {
    if (token === "'") {
      singleQuoted = !singleQuoted;
      return { text: "'", kind: singleQuoted ? 'open' : 'close' };
    }
    // A single quote does not cross the border of a double one: an apostrophe that stood alone ('em) ends here.
    if (token === '``' || token === "''") singleQuoted = false;
    // Inside a word, two apostrophes are inches.
    return Object.hasOwn(fixed, token) ? fixed[token]! : { text: token.replaceAll("''", '"'), kind: 'word' };
  });
}

function dropRepeatedMarks(pieces: readonly Piece[]): Piece[] {
  return pieces.filter(({ text, kind }, index) => {
    const previous = pieces[index - 1];
    if (kind !== 'mark' || previous === undefined) return true;
    // "etc. ." has one full stop too many as well.
    return previous.kind === 'mark' ? previous.text !== text : text !== '.' || !previous.text.endsWith('.');
  });
}

function moveMarksIntoQuotes(pieces: readonly Piece[]): Piece[] {
  const moved = [...pieces];
  for (let at = 1; at < moved.length; at++) {
    const piece = moved[at]!;
    let to = at;
    if (belongsInside(piece, moved[at + 1])) {
      while (to > 0 && isClosingQuote(moved[to - 1]!)) to--;
      if (to === 0 || moved[to - 1]!.kind === 'mark') continue;
    }
    // A quote that opens before the mark that announces it.
    if (piece.kind === 'mark' && at > 1 && moved[at - 1]!.kind === 'open' && moved[at - 1]!.text === '"') to = at - 1;
    moved.splice(at, 1);
    moved.splice(to, 0, piece);
  }
  return moved;
}

/** Commas and ends of sentences stand inside quotes; so does a dash where the speaker breaks off. */
function belongsInside(piece: Piece, next: Piece | undefined): boolean {
  if (piece.kind === 'mark') return '.,?!'.includes(piece.text);
  return piece.text === '—' && (next === undefined || next.kind === 'open' || /^[A-Z]/.test(next.text));
}

function isClosingQuote({ text, kind }: Piece): boolean {
  return kind === 'close' && (text === '"' || text === "'");
}
