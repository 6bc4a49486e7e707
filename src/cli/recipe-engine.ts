import { Engine } from '../runtime/engine.js';
import type { RecipeOptions } from './recipe.js';
import type { StageContext } from './stages/stage.js';

/** Runs the stages of a recipe on an engine of their own; one of other settings in the same folder begins anew. */
export async function onEngine<Result>(
  { engine: options, signal, progress }: Pick<RecipeOptions, 'engine' | 'signal' | 'progress'>,
  run: (context: StageContext) => Promise<Result>,
): Promise<Result> {
  const engine = await Engine.create(options);
  try {
    return await run({ engine, signal, changed: 'restart', ...(progress && { progress }) });
  } finally {
    await engine.dispose();
  }
}
