import { type Curve, type Point, curvesChart } from '../src/cli/compare/curves.js';
import { drawing, moved } from '../src/cli/compare/svg.js';

/** What one proxy and the labeler say of best of n, or of a round of PPO. */
export interface Measured {
  /** √KL from the supervised model, in nats^½. */
  readonly distance: number;
  readonly proxy: number;
  readonly truth: number;
}

/** d (a − b d) for best of n, d (a − b log d) for PPO: the forms of Gao et al., over the gain from the start. */
export const forms = {
  bestOf: (d: number) => -d * d,
  ppo: (d: number) => (d > 0 ? -d * Math.log(d) : 0),
};

/** Coefficients, and the distance up to which they were fitted. */
type Fits = Readonly<
  Record<'bestOf' | 'ppo', Readonly<Record<'proxy' | 'truth', { a: number; b: number; to: number }>>>
>;

/** Both ways side by side, the true score above and the proxy below. */
export function picture({
  bestOf,
  ppo,
  start,
  fits,
}: {
  bestOf: readonly (readonly Measured[])[];
  ppo: readonly (readonly Measured[])[];
  start: Readonly<Record<'proxy' | 'truth', number>>;
  fits: Fits;
}): string {
  const [width, height, gap] = [400, 250, 30];
  const colours = { truth: '#c0392b', proxy: '#4a78c8' };
  const titles = { bestOf: 'Best of n', ppo: 'PPO without a KL penalty' };
  const labels = { truth: 'true score', proxy: "proxy, reward model's unit" };
  const formulas = { bestOf: 'd (a − b d)', ppo: 'd (a − b log d)' };
  const runs = { bestOf, ppo };
  const chart = (way: keyof Fits, of: 'proxy' | 'truth'): string => {
    const all = runs[way].flat();
    const { a, b, to } = fits[way][of];
    const curves: Curve[] = [
      {
        label: 'measured, all seeds',
        colour: colours[of],
        as: 'points',
        points: all.map((point): Point => [point.distance, point[of]]),
      },
      {
        label: `${formulas[way]}, fitted`,
        colour: colours[of],
        points: Array.from({ length: 60 }, (_, index): Point => {
          const d = (to * index) / 59;
          return [d, start[of] + a * d + b * forms[way](d)];
        }),
      },
    ];
    return curvesChart({
      title: `${titles[way]}: ${of === 'truth' ? 'truth' : 'proxy'}`,
      x: 'd = √KL',
      y: labels[of],
      curves,
      width,
      height,
    });
  };
  const at = (column: number, row: number, content: string): string =>
    moved(20 + column * (width + gap), 20 + row * (height + gap), content);
  return drawing({
    width: 2 * width + gap + 40,
    height: 2 * height + gap + 40,
    label: 'True and proxy score over the distance from the supervised model',
    content: (['bestOf', 'ppo'] as const).flatMap((way, column) =>
      (['truth', 'proxy'] as const).map((of, row) => at(column, row, chart(way, of))),
    ),
  });
}
