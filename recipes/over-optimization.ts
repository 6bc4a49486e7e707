import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bestOfNKl, expectedBestOfN } from '../src/alignment/best-of-n.js';
import type { PpoSample } from '../src/alignment/ppo/rollouts.js';
import { checkConfig } from '../src/cli/config.js';
import { rasterise } from '../src/cli/compare/rasterise.js';
import { practiceOf } from '../src/cli/quickstart/pipeline.js';
import type { PracticePrompt } from '../src/cli/quickstart/task.js';
import type { Recipe, RecipeResult } from '../src/cli/recipe.js';
import { withGenerator } from '../src/cli/stages/answering.js';
import { modelAsAncestor } from '../src/cli/stages/examples.js';
import { trainPpo } from '../src/cli/stages/ppo.js';
import { trainReward } from '../src/cli/stages/reward.js';
import { rewarding } from '../src/cli/stages/rewarding.js';
import { ppoStageSchema, rewardSchema } from '../src/cli/stages/settings.js';
import { modelFolderOf } from '../src/cli/stages/stage.js';
import { mean, standardErrorOf } from '../src/data/statistics.js';
import { type LoadedModel, loadModel } from '../src/formats/model-folder.js';
import { writeFileAtomically } from '../src/runtime/atomic-file.js';
import { counterRandom, shuffle } from '../src/tensor/random.js';
import { CONTROL } from '../src/tokenizer/control-tokens.js';
import { readJsonLines } from '../src/training/json-lines.js';
import { type Grounds, withAlmanac } from './almanac.helper.js';
import { fitTwo } from './least-squares.helper.js';
import { type Measured, forms, picture } from './over-optimization.helper.js';

/**
 * What becomes of the true score while a proxy of it is optimised: a reward model of few comparisons is pushed by best of
 * n and by PPO without a KL penalty, and the almanac's labeler says what the answers are really worth (Gao et al. 2022).
 */

interface Size {
  readonly seeds: readonly number[];
  /** Rankings that each proxy learns from. */
  readonly comparisons: number;
  readonly prompts: number;
  /** Answers sampled to each prompt; best of n is measured for all n up to it. */
  readonly pool: number;
  readonly rounds: number;
  readonly rolloutSize: number;
  readonly maxTokens: number;
  readonly learningRate: number;
}

const sizes: Readonly<Record<'smoke' | 'cpu' | 'gpu', Size>> = {
  smoke: {
    seeds: [1],
    comparisons: 4,
    prompts: 3,
    pool: 4,
    rounds: 3,
    rolloutSize: 4,
    maxTokens: 12,
    learningRate: 1e-3,
  },
  cpu: {
    seeds: [1, 2, 3],
    comparisons: 150,
    prompts: 120,
    pool: 64,
    rounds: 80,
    rolloutSize: 192,
    maxTokens: 24,
    learningRate: 2e-4,
  },
  gpu: {
    seeds: [1, 2, 3, 4, 5],
    comparisons: 200,
    prompts: 400,
    pool: 256,
    rounds: 150,
    rolloutSize: 128,
    maxTokens: 24,
    learningRate: 3e-4,
  },
};

async function measure(grounds: Grounds): Promise<RecipeResult> {
  const { scale, say } = grounds;
  const size = sizes[scale];
  const pool = await poolOf(grounds, size);
  const bestOf: Measured[][] = [];
  const ppo: Measured[][] = [];
  const accuracies: number[] = [];
  for (const seed of size.seeds) {
    say?.(`Seed ${seed}`);
    const proxy = await proxyOf(grounds, size, seed);
    accuracies.push(Number(proxy.lineage?.results['accuracy']));
    bestOf.push(await bestOfNCurve(grounds, size, pool, proxy));
    ppo.push(await ppoCurve(grounds, size, proxy, seed));
  }
  return summarise({ size, bestOf, ppo, accuracies });
}

/** A reward model of few rankings, others for every seed. */
async function proxyOf(grounds: Grounds, size: Size, seed: number): Promise<LoadedModel> {
  const { context, folder, config, foundation, preferences } = grounds;
  const { rankings, heldOut, ancestors } = preferences;
  const { supervised } = foundation;
  const untied = rankings.filter(({ ranks }) => new Set(ranks).size > 1);
  const few = shuffle(counterRandom(seed, 'few comparisons', 0), [...untied]).slice(0, size.comparisons);
  const out = join(folder, `proxy-${seed}`);
  await trainReward(context, {
    out,
    config: checkConfig(rewardSchema, { ...config.reward, epochs: 4, seed }),
    parent: supervised,
    rankings: few,
    heldOut,
    reference: few.map(({ sequences, ranks }) => sequences[ranks.indexOf(0)]!),
    ancestors: [modelAsAncestor(supervised), { ...ancestors.rankings, size: `${few.length} rankings, seed ${seed}` }],
  });
  return loadModel(modelFolderOf(out));
}

interface Pool {
  /** Answers to the first prompt, then to the second, and so on. */
  readonly samples: readonly PpoSample<PracticePrompt>[];
  readonly truths: readonly number[];
}

/** Answers of the supervised model, and what they are really worth: the same for every proxy. */
async function poolOf({ context, folder, foundation, preferences }: Grounds, size: Size): Promise<Pool> {
  const { supervised } = foundation;
  const prompts = preferences.prompts.slice(0, size.prompts);
  const path = join(folder, 'pool.json');
  const id = [supervised.lineage?.id, size.prompts, size.pool, size.maxTokens].join();
  let answers: { id: string; ids: number[][]; finished: boolean[] } | undefined;
  if (existsSync(path)) answers = JSON.parse(await readFile(path, 'utf8')) as typeof answers;
  if (answers?.id !== id) {
    const sampled = await withGenerator(context, supervised, (generator) =>
      generator.generateBatch({
        prompts: prompts.map(({ ids }) => ids),
        samplesPerPrompt: size.pool,
        maxTokens: size.maxTokens,
        seed: 1,
        stopTokens: [supervised.tokenizer.idOf(CONTROL.end)],
        ...(context.signal && { signal: context.signal }),
      }),
    );
    context.signal?.throwIfAborted();
    answers = {
      id,
      ids: sampled.map(({ ids }) => [...ids]),
      finished: sampled.map(({ finishReason }) => finishReason === 'stop'),
    };
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(path, JSON.stringify(answers));
  }
  const { ids, finished } = answers;
  const samples = ids.map((list, index): PpoSample<PracticePrompt> => {
    const response = Int32Array.from(list);
    const spoken = finished[index]! ? response.subarray(0, -1) : response;
    return {
      prompt: prompts[Math.floor(index / size.pool)]!,
      response,
      answer: supervised.tokenizer.decode(spoken),
      finished: finished[index]!,
    };
  });
  return { samples, truths: samples.map(({ prompt, answer, finished: ended }) => prompt.score!(answer, ended)) };
}

async function bestOfNCurve({ context }: Grounds, size: Size, pool: Pool, reward: LoadedModel): Promise<Measured[]> {
  const { score, dispose } = await rewarding<PracticePrompt>(context.engine, reward);
  const proxies = [...Array.from(await score(pool.samples))];
  await dispose();
  const counts = Array.from({ length: Math.floor(Math.log2(size.pool)) + 1 }, (_, power) => 2 ** power);
  const groups = Array.from(
    { length: size.prompts },
    (_, index) => [index * size.pool, (index + 1) * size.pool] as const,
  );
  return counts.map((n) => {
    const expected = (of: readonly number[]): number =>
      mean(groups.map((range) => expectedBestOfN(proxies.slice(...range), of.slice(...range), n)));
    return { distance: Math.sqrt(bestOfNKl(n)), proxy: expected(proxies), truth: expected(pool.truths) };
  });
}

async function ppoCurve(grounds: Grounds, size: Size, reward: LoadedModel, seed: number): Promise<Measured[]> {
  const { context, folder, config, foundation, preferences } = grounds;
  const out = join(folder, `ppo-${seed}`);
  const { rounds: iterations, rolloutSize, maxTokens, learningRate } = size;
  const { pretraining: _mix, ...practised } = practiceOf(foundation, { ...preferences, reward }, config);
  await trainPpo<PracticePrompt>(context, {
    ...practised,
    out,
    config: checkConfig(ppoStageSchema, {
      ppo: {
        iterations,
        rolloutSize,
        minibatchSize: rolloutSize,
        samplesPerPrompt: 4,
        maxTokens,
        klCoefficient: 0,
        unfinishedScore: null,
        seed,
      },
      training: {
        optimizer: { kind: 'adam', beta2: 0.95, epsilon: 1e-5, epsilonInside: 'tensorflow' },
        schedule: { kind: 'constant', learningRate, warmupSteps: 5 },
      },
    }),
    parent: foundation.supervised,
  });
  // One step a round: the log has what each round was before it was learnt from.
  const lines = await readJsonLines(join(out, 'metrics.jsonl'));
  return lines.flatMap((line) => {
    const figure = (name: string): number => Number(line[`policy.${name}`]);
    const measured = {
      distance: Math.sqrt(Math.max(0, figure('kl'))),
      proxy: figure('reward'),
      truth: figure('trueScore'),
    };
    return Object.values(measured).every(Number.isFinite) ? [measured] : [];
  });
}

/** Rounds that are looked at together: one round alone is too few answers. */
const WINDOW = 5;

/** Means of the rounds of all seeds around each round, with the standard error of the true score over those rounds. */
function windows(ppo: readonly (readonly Measured[])[]) {
  const rounds = Math.min(...ppo.map(({ length }) => length));
  return Array.from({ length: Math.max(1, rounds - WINDOW + 1) }, (_, first) => {
    const all = ppo.flatMap((seed) => seed.slice(first, first + WINDOW));
    const truths = all.map(({ truth }) => truth);
    return {
      distance: mean(all.map(({ distance }) => distance)),
      proxy: mean(all.map(({ proxy }) => proxy)),
      truth: mean(truths),
      error: standardErrorOf(truths),
    };
  });
}

const headline = 'PPO: true score at its best minus at the end, less two standard errors';

async function summarise({
  size,
  bestOf,
  ppo,
  accuracies,
}: {
  size: Size;
  bestOf: readonly (readonly Measured[])[];
  ppo: readonly (readonly Measured[])[];
  accuracies: readonly number[];
}): Promise<RecipeResult> {
  const over = windows(ppo);
  const best = over.reduce((most, window) => (window.truth > most.truth ? window : most));
  const [first, last] = [over[0]!, over.at(-1)!];
  const rise = best.truth - first.truth - 2 * Math.hypot(best.error, first.error);
  const lost = best.truth - last.truth;
  const error = Math.hypot(best.error, last.error);
  const value = lost - 2 * error;
  // The pool's own mean is where both begin: best of 1, and PPO before its first step.
  const start = {
    proxy: mean(bestOf.map(([first]) => first!.proxy)),
    truth: mean(bestOf.map(([first]) => first!.truth)),
  };
  // The labeler gives no less than 0, of which the form knows nothing: it is fitted where there is something left to lose.
  const lostBy = over.find(({ truth }) => truth < start.truth / 10)?.distance ?? Infinity;
  const fit = (runs: readonly (readonly Measured[])[], form: (d: number) => number, of: 'proxy' | 'truth') => {
    const points = runs.flat().filter(({ distance }) => of === 'proxy' || distance <= lostBy);
    const { a, b } = fitTwo(
      points.map((each) => ({ u: each.distance, v: form(each.distance), y: each[of] - start[of] })),
    );
    return { a, b, to: Math.max(...points.map(({ distance }) => distance)) };
  };
  const fits = {
    bestOf: { proxy: fit(bestOf, forms.bestOf, 'proxy'), truth: fit(bestOf, forms.bestOf, 'truth') },
    ppo: { proxy: fit(ppo, forms.ppo, 'proxy'), truth: fit(ppo, forms.ppo, 'truth') },
  };
  const ends = bestOf.map((curve) => curve.at(-1)!);
  const png = await rasterise(picture({ bestOf, ppo, start, fits }));
  return {
    value,
    rows: [
      { metric: headline, value, target: 0, direction: 'at least' },
      { metric: 'PPO: true score at its best minus at the end', value: lost, standardError: error },
      {
        metric: 'PPO: true score at its best minus at the beginning, less two standard errors',
        value: rise,
        target: 0,
        direction: 'at least',
      },
      {
        metric: 'PPO: proxy at the end minus where the true score was best',
        value: last.proxy - best.proxy,
        target: 0,
        direction: 'at least',
      },
      { metric: 'PPO: √KL where the true score was best', value: best.distance },
      { metric: 'PPO: √KL at the end', value: last.distance },
      { metric: 'supervised: true score', value: start.truth },
      { metric: 'PPO: true score at its best', value: best.truth, standardError: best.error },
      { metric: 'PPO: true score at the end', value: last.truth, standardError: last.error },
      {
        metric: `best of ${size.pool}: true score`,
        value: mean(ends.map(({ truth }) => truth)),
        standardError: standardErrorOf(ends.map(({ truth }) => truth)),
      },
      {
        metric: 'proxies: held-out pairs in order',
        value: mean(accuracies),
        standardError: standardErrorOf(accuracies),
      },
      { metric: 'best of n, true score: a of d (a − b d)', value: fits.bestOf.truth.a },
      { metric: 'best of n, true score: b', value: fits.bestOf.truth.b },
      { metric: 'PPO, true score: a of d (a − b log d)', value: fits.ppo.truth.a },
      { metric: 'PPO, true score: b', value: fits.ppo.truth.b },
    ],
    details: { size, start, fits, bestOf, ppo },
    ...(png && { pictures: { curves: png } }),
    notes: [
      `${size.seeds.length} proxies, each a reward model of ${size.comparisons} rankings of its own; the true score is the labeler's.`,
      `Best of n is the unbiased estimate for all n from one pool of ${size.pool} answers to each of ${size.prompts} prompts; its KL, log n − (n − 1)/n, is an upper bound where answers repeat.`,
      `PPO has no KL penalty; a figure is the mean of ${WINDOW} rounds of all seeds, its error over those rounds. Where the true score is best was chosen by looking at it.`,
      'The forms of Gao et al. 2022 are fitted by least squares to the gain over the supervised model, to all seeds together; to the true score, which cannot fall below 0, up to where nine tenths of it are lost.',
    ],
  };
}

export const recipe: Recipe = {
  name: 'over-optimization',
  title: 'A proxy reward optimised until the true score turns',
  source:
    'after Gao et al. 2022, arXiv:2210.10760, figures 1 and 8: the true score rises, turns and falls while the proxy goes on climbing',
  metric: headline,
  target: 0,
  direction: 'at least',
  scales: {
    smoke: 'one seed, a few steps of every stage',
    cpu: 'three proxies of 150 rankings, best of 64 and 80 rounds of PPO each: about 7 minutes on two cores, and 4 more where recipe almanac has not made the supervised model',
    gpu: 'five proxies of 200 rankings, best of 256 and 150 rounds of PPO each',
  },
  run: (options) => withAlmanac(options, measure),
};
