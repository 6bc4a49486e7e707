import { isSpec, leaves } from '../tensor/index.js';
import type { Phase } from './phase.js';

/** Which parameters a phase moves. Several may move the same ones, such as a loss and a penalty that is due now and then. */
export interface Moving {
  readonly store: string;
  /** Paths. */
  readonly moves: readonly string[];
}

/** The store that holds a phase's parameters. */
export const storeOf = (phase: Pick<Phase, 'store'>): string => phase.store ?? 'model';

/** What a phase moves: all of its parameters, or those that it calls trainable. */
export const movedBy = (phase: Pick<Phase, 'store' | 'parameters' | 'trainable'>): Moving => ({
  store: storeOf(phase),
  moves: leaves(phase.parameters, isSpec)
    .map(({ path }) => path)
    .filter(phase.trainable ?? (() => true)),
});

/** Whether two phases move the same parameters, and so share their moments. */
export const movesTheSame = (one: Moving, other: Moving): boolean =>
  one.store === other.store &&
  one.moves.length === other.moves.length &&
  one.moves.every((path, index) => path === other.moves[index]);

/**
 * Phases that together move all that the given ones do, the greatest first: one that moves a part of what another moves
 * is left out.
 */
export function coverOf<Phase extends Moving>(phases: readonly Phase[]): Phase[] {
  const covered = new Set<string>();
  return [...phases]
    .sort((a, b) => b.moves.length - a.moves.length)
    .filter(({ store, moves }) => {
      const names = moves.map((path) => `${store}: ${path}`);
      const isNew = names.some((name) => !covered.has(name));
      for (const name of names) covered.add(name);
      return isNew;
    });
}
