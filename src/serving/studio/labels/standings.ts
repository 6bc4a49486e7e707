/** Which of two models answered better, by name. */
export interface PairVote {
  readonly first: string;
  readonly second: string;
  readonly winner: 'first' | 'second' | 'tie' | 'neither';
}

export interface Standing {
  readonly model: string;
  readonly rating: number;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
}

const START = 1000;
/** How far one vote moves a rating. */
const STEP = 32;

/** Ratings by Elo 1978: the expected score is logistic in the difference, and 400 points are ten to one. */
export function standings(votes: readonly PairVote[]): Standing[] {
  const table = new Map<string, { rating: number; wins: number; losses: number; ties: number }>();
  const entry = (model: string) => {
    const known = table.get(model) ?? { rating: START, wins: 0, losses: 0, ties: 0 };
    table.set(model, known);
    return known;
  };
  for (const { winner, ...pair } of votes) {
    if (pair.first === pair.second) continue;
    const [first, second] = [entry(pair.first), entry(pair.second)];
    const score = winner === 'first' ? 1 : winner === 'second' ? 0 : 0.5;
    const expected = 1 / (1 + 10 ** ((second.rating - first.rating) / 400));
    first.rating += STEP * (score - expected);
    second.rating -= STEP * (score - expected);
    if (score === 0.5) {
      first.ties++;
      second.ties++;
    } else {
      const [better, worse] = score === 1 ? [first, second] : [second, first];
      better.wins++;
      worse.losses++;
    }
  }
  return [...table].map(([model, rest]) => ({ model, ...rest })).sort((a, b) => b.rating - a.rating);
}
