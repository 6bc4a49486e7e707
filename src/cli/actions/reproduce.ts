import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import { ConfigError } from '../../errors.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { describeMachine } from '../../runtime/machine.js';
import { terminalProgress } from '../../training/progress.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { type Recipe, type RecipeResult, type RecipeRow, type RecipeScale, isMet } from '../recipe.js';
import { loadRecipe } from '../recipe-files.js';
import { formatTable } from '../table.js';

export interface ReproduceFlags extends EngineFlags {
  readonly scale: RecipeScale;
  readonly data?: string;
  readonly out?: string;
  readonly save?: boolean;
}

export async function reproduceCommand(invocation: Invocation<ReproduceFlags>): Promise<void> {
  const { positional, flags, say, answer, signal } = invocation;
  const recipe = await loadRecipe(positional[0]!);
  const { name } = recipe;
  const { scale, data, device, threads } = flags;
  if (recipe.scales[scale] === undefined) {
    throw new ConfigError(`${name} has no scale ${scale}`, {
      advice: `It has: ${Object.keys(recipe.scales).join(', ')}.`,
    });
  }
  const folder = flags.out ?? join('runs', 'recipes', `${name}.${scale}`);
  const began = performance.now();
  const processor = process.cpuUsage();
  const progress = (title: string) => terminalProgress({ title });
  const result = await recipe.run({
    scale,
    folder,
    engine: { device, ...(threads !== undefined && { threads }) },
    signal,
    progress,
    say,
    ...(data !== undefined && { data }),
  });
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const { user, system } = process.cpuUsage(processor);
  const record = { ...summarise(recipe, scale, result, seconds), processorSeconds: Math.round((user + system) / 1e6) };
  answer(record, format(recipe, record, result.notes ?? []));
  if (flags.save === true) {
    await mkdir('results', { recursive: true });
    const path = join('results', `${name}.${scale}.json`);
    const { notes, details } = result;
    const saved = {
      ...record,
      source: recipe.source,
      notes,
      details,
      date: new Date().toISOString(),
      machine: describeMachine(),
    };
    await writeFileAtomically(path, `${JSON.stringify(saved, null, 2)}\n`);
    say(`Saved ${path}`);
    const drawn = join('docs', 'pictures');
    // Those of the smoke test show nothing.
    const pictures = scale === 'smoke' ? {} : (result.pictures ?? {});
    await mkdir(drawn, { recursive: true });
    for (const [picture, bytes] of Object.entries(pictures)) {
      await writeFileAtomically(join(drawn, `${name}-${picture}.png`), bytes);
    }
  }
  if (!record.pass && scale !== 'smoke') process.exitCode = 1;
}

interface Reproduction {
  readonly recipe: string;
  readonly scale: RecipeScale;
  readonly metric: string;
  readonly value: number;
  readonly target: number;
  /** Whether every figure with a target meets it. */
  readonly pass: boolean;
  readonly seconds: number;
  /** Of all threads together: what a machine that did other work too does not change. */
  readonly processorSeconds: number;
  readonly rows: readonly (RecipeRow & { readonly pass?: boolean })[];
}

function summarise(
  recipe: Recipe,
  scale: RecipeScale,
  { value, rows }: RecipeResult,
  seconds: number,
): Omit<Reproduction, 'processorSeconds'> {
  const { name, metric, target, direction } = recipe;
  const judged = (rows ?? [{ metric, value, target, direction }]).map((row) =>
    row.target === undefined ? row : { ...row, pass: isMet(row.value, row.target, row.direction ?? 'at least') },
  );
  const pass = judged.every((row) => !('pass' in row) || row.pass);
  return { recipe: name, scale, metric, value, target: judged[0]?.target ?? target, pass, seconds, rows: judged };
}

function format(
  recipe: Recipe,
  { scale, rows, seconds, processorSeconds }: Reproduction,
  notes: readonly string[],
): string {
  const number = (value: number): string => String(Number(value.toPrecision(4)));
  const verdict = (pass: boolean | undefined): string =>
    pass === undefined ? '' : scale === 'smoke' ? 'not judged' : pass ? pc.green('pass') : pc.red('MISSED');
  const table = rows.map(({ metric, value, standardError, target, direction, pass }) => ({
    figure: metric,
    measured: `${number(value)}${standardError === undefined ? '' : ` ± ${number(standardError)}`}`,
    target: target === undefined ? '' : `${direction ?? 'at least'} ${number(target)}`,
    result: verdict(pass),
  }));
  return [
    '',
    `${pc.bold(recipe.title)} (${scale}, ${seconds} s, ${processorSeconds} s of processors)`,
    formatTable(table),
    '',
    `Target: ${recipe.source}`,
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}
