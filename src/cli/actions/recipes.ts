import pc from 'picocolors';
import type { Invocation } from '../command.js';
import { listRecipes } from '../recipe-files.js';

export async function recipesCommand({ answer }: Invocation<unknown>): Promise<void> {
  const recipes = await listRecipes();
  const plain = recipes.map(({ name, title, source, metric, target, direction, scales }) => ({
    name,
    title,
    source,
    metric,
    target,
    direction,
    scales,
  }));
  const text = plain.map(({ name, title, source, metric, target, direction, scales }) =>
    [
      `${pc.bold(name)}  ${title}`,
      `  target  ${metric} ${direction} ${target} (${source})`,
      ...Object.entries(scales).map(([scale, what]) => `  ${scale.padEnd(6)}  ${what}`),
    ].join('\n'),
  );
  answer(plain, text.join('\n\n'));
}
