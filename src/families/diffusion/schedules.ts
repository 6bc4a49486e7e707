import { ConfigError } from '../../errors.js';

/**
 * How much noise there is: standard deviations sigma of noise added to a clean image, x = clean + sigma · noise. A model
 * of mixtures z = √ᾱ · clean + √(1 − ᾱ) · noise sees the same image scaled, z = √ᾱ · x with sigma² = (1 − ᾱ) / ᾱ.
 */

export const scheduleNames = ['linear', 'cosine', 'sigmoid'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Variances β of the noise that each step mixes in, of so many steps. */
const variances: Record<ScheduleName, (steps: number) => number[]> = {
  /** Ho et al. 2020: from 10⁻⁴ to 0.02 in a thousand steps, and more in each of fewer. */
  linear: (steps) =>
    Array.from({ length: steps }, (_, index) => {
      const share = steps === 1 ? 1 : index / (steps - 1);
      return (1000 / steps) * (1e-4 + share * (0.02 - 1e-4));
    }),
  /** Nichol & Dhariwal 2021: ᾱ falls like a squared cosine. */
  cosine: (steps) => variancesOf(steps, (share) => Math.cos((((share + 0.008) / 1.008) * Math.PI) / 2) ** 2),
  /** Jabri et al. 2022: ᾱ falls like a sigmoid between −3 and 3. */
  sigmoid: (steps) => variancesOf(steps, (share) => sigmoid(3) - sigmoid(6 * share - 3)),
};

/** β of each step, from what is left of the signal's variance after a share of the steps. */
const variancesOf = (steps: number, left: (share: number) => number): number[] =>
  Array.from({ length: steps }, (_, index) => 1 - left((index + 1) / steps) / left(index / steps));

/** The sigmas of the steps 1 to `steps`, rising: the first is the least noise of all. */
export function noiseSchedule(name: ScheduleName, steps: number): readonly number[] {
  let signal = 1;
  return variances[name](steps).map((variance) => {
    // No step takes all of the signal: the last ones would divide by 0.
    signal *= 1 - Math.min(variance, 0.999);
    return Math.sqrt((1 - signal) / signal);
  });
}

/**
 * So many of the sigmas of a schedule, evenly spaced among its steps, its ends included; falling, as samplers take them.
 *
 * @throws ConfigError when there are not so many
 */
export function respaced(schedule: readonly number[], steps: number): readonly number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > schedule.length) {
    throw new ConfigError(`steps: ${steps} is no number of steps from 1 to ${schedule.length}`, {
      advice: 'The model knows so many amounts of noise; more steps would not be different ones.',
    });
  }
  const last = schedule.length - 1;
  return Array.from({ length: steps }, (_, index) => {
    const place = steps === 1 ? last : last - (index * last) / (steps - 1);
    return schedule[Math.round(place)]!;
  });
}

export interface KarrasSettings {
  readonly least: number;
  readonly most: number;
  /** The larger, the more of the steps are at little noise. Default 7. */
  readonly rho?: number;
}

/** Sigmas whose roots are evenly spaced, falling (Karras et al. 2022, equation 5). */
export function karrasSigmas(steps: number, { least, most, rho = 7 }: KarrasSettings): readonly number[] {
  if (!Number.isInteger(steps) || steps < 1) throw new ConfigError(`steps: ${steps} is no number of steps`);
  const [from, to] = [most ** (1 / rho), least ** (1 / rho)];
  return Array.from({ length: steps }, (_, index) => {
    const share = steps === 1 ? 0 : index / (steps - 1);
    return (from + share * (to - from)) ** rho;
  });
}

/**
 * Steps that are gone over several times, so that what is drawn agrees with what is kept (Lugmayr et al. 2022, RePaint,
 * appendix B.1): after every `jump` steps back up to where they began, `times` − 1 times.
 */
export function resampled(sigmas: readonly number[], times: number, jump = 10): readonly number[] {
  const result = [sigmas[0]!];
  for (let start = 0; start < sigmas.length - 1; start += jump) {
    const down = sigmas.slice(start + 1, start + 1 + jump);
    for (let time = 0; time < times; time++) {
      if (time > 0) result.push(sigmas[start]!);
      result.push(...down);
    }
  }
  return result;
}

/** The steps that are left for an image to which only a share of all noise is added. @param sigmas falling to 0 */
export function lastSteps(sigmas: readonly number[], strength: number): readonly number[] {
  if (!(strength > 0 && strength <= 1)) throw new ConfigError(`strength: ${strength} is no share between 0 and 1`);
  const steps = Math.max(1, Math.round(strength * (sigmas.length - 1)));
  return sigmas.slice(sigmas.length - 1 - steps);
}
