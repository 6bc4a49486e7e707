import type { EngineOptions } from '../runtime/engine.js';
import type { ProgressReporter } from '../training/progress.js';

/** One file of recipes/ measures one published result again. */

export const recipeScales = ['smoke', 'cpu', 'gpu'] as const;
/** smoke: seconds, shows that it runs and measures nothing; cpu and gpu: the measurement. */
export type RecipeScale = (typeof recipeScales)[number];

export type Direction = 'at least' | 'at most';

export interface RecipeOptions {
  readonly scale: RecipeScale;
  /** Where runs lie, and where an interrupted one goes on. */
  readonly folder: string;
  /** The device and its threads. Default: the CPU. */
  readonly engine?: EngineOptions;
  /** Data that the recipe needs and cannot bring along. */
  readonly data?: string;
  readonly signal?: AbortSignal;
  readonly progress?: (title: string) => ProgressReporter;
  /** Told in words what happens. */
  readonly say?: (text: string) => void;
}

/** A figure, and what it is held against. */
export interface RecipeRow {
  readonly metric: string;
  readonly value: number;
  readonly standardError?: number;
  /** Without a target it is for information. */
  readonly target?: number;
  readonly direction?: Direction;
}

export interface RecipeResult {
  /** The headline figure. */
  readonly value: number;
  /** All figures, where there are several. */
  readonly rows?: readonly RecipeRow[];
  /** What else was measured; saved beside the figures. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** PNG files, by name: `--save` writes them for the documentation. */
  readonly pictures?: Readonly<Record<string, Uint8Array>>;
  /** What one has to know to read them. */
  readonly notes?: readonly string[];
}

export interface Recipe {
  readonly name: string;
  readonly title: string;
  /** The paper or page that the target is from. */
  readonly source: string;
  readonly metric: string;
  readonly target: number;
  readonly direction: Direction;
  /** What each scale does; those that are missing cannot be asked for. */
  readonly scales: Readonly<Partial<Record<RecipeScale, string>>>;
  /** Every setting of a scale, defaults included; of a recipe that trains one model. @throws ZodError for one that is wrong */
  readonly settings?: (scale: RecipeScale) => Promise<Readonly<Record<string, unknown>>>;
  run(options: RecipeOptions): Promise<RecipeResult>;
}

/** Whether a figure is on the right side of its target, or on it. */
export const isMet = (value: number, target: number, direction: Direction): boolean =>
  direction === 'at least' ? value >= target : value <= target;
