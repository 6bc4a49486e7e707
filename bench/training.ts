/**
 * One training step (forward, backward, AdamW) of three GPTs beside PyTorch eager, TensorFlow.js and the machine's
 * matrix product. Every program trains its own copy in a process of its own; they take turns, a few steps each, so that
 * a disturbance of the machine falls on all of them.
 */
import { loadavg } from 'node:os';
import { counterRandom } from '../src/tensor/random.js';
import type { ModelShape, PeerConfig } from './peers/peer.js';
import { type Measured, type Turn, startBestTorch, startNode, takeTurns, verdict } from './peers/turns.js';
import { type BenchResult, median, significant } from './result.js';

interface Configuration extends ModelShape {
  name: string;
  /** How many times faster than PyTorch it has to be. */
  target: number;
  /** Steps of one turn. */
  steps: number;
}

const configurations: Configuration[] = [
  { name: 'A', layers: 4, heads: 4, width: 128, context: 64, batch: 12, vocab: 65, target: 1.5, steps: 20 },
  { name: 'B', layers: 6, heads: 6, width: 384, context: 256, batch: 8, vocab: 65, target: 1.6, steps: 2 },
  { name: 'C', layers: 12, heads: 12, width: 768, context: 64, batch: 4, vocab: 50_257, target: 1.8, steps: 2 },
];
const rounds = 7;
const tfjsTarget = 5;
const sgemmShareTarget = 0.7;
const memoryTarget = 3.5e9;

/** Floating-point operations of one step: 6 per token and matrix weight, and the attention's products. */
export function stepFlops({ layers, width, context, batch, vocab }: ModelShape): number {
  const matrixWeights = 12 * layers * width ** 2 + vocab * width;
  return batch * (6 * matrixWeights * context + 12 * layers * width * context ** 2);
}

async function measure(configuration: Configuration): Promise<{ row: BenchResult['rows'][number]; notes: string[] }> {
  const { name, batch, context, vocab } = configuration;
  const random = counterRandom(1, 'bench tokens', 0);
  const tokens = Array.from({ length: batch * (context + 1) }, () => Math.floor(random() * vocab));
  const config: PeerConfig = { ...configuration, tokens, learningRate: 1e-4, threads: 0 };
  const peers = new Map<string, Turn>();
  try {
    const torch = await startBestTorch('gpt_torch.py', config);
    peers.set('pytorch', { peer: torch.peer, steps: configuration.steps });
    const descent = await startNode('gpt-descent.ts', config);
    peers.set('descent', { peer: descent, steps: configuration.steps });
    const threads = descent.about['threads'] as number;
    peers.set('sgemm', { peer: await startNode('sgemm.ts', { threads }), steps: 10 });
    if (name === 'A') peers.set('tfjs', { peer: await startNode('tfjs/gpt.js', { ...config, threads: 1 }), steps: 2 });
    const measured = await takeTurns(peers, rounds);
    return report(configuration, measured, torch.threads);
  } finally {
    await Promise.all([...peers.values()].map(({ peer }) => peer.stop()));
  }
}

function report(configuration: Configuration, measured: Map<string, Measured>, torchThreads: number) {
  const { name, target } = configuration;
  const ms = (peer: string) => median(measured.get(peer)!.milliseconds);
  const [descent, pytorch, sgemm] = [measured.get('descent')!, measured.get('pytorch')!, measured.get('sgemm')!];
  const ratio = ms('pytorch') / ms('descent');
  const sgemmRate = (sgemm.about['flops'] as number) / (ms('sgemm') / 1000);
  const share = stepFlops(configuration) / (ms('descent') / 1000) / sgemmRate;
  const row: BenchResult['rows'][number] = {
    config: name,
    parameters: descent.about['parameters'] as number,
    'Descent ms': significant(ms('descent')),
    'PyTorch ms': significant(ms('pytorch')),
    'times PyTorch': significant(ratio),
    target,
    'sgemm GFLOPS': significant(sgemmRate / 1e9),
    'share of sgemm': significant(share, 2),
    'Descent GB': significant(descent.last.peakBytes / 1e9),
    'PyTorch GB': significant(pytorch.last.peakBytes / 1e9),
    'compile s': significant(descent.about['compileSeconds'] as number, 2),
  };
  const shape = `${configuration.layers} layers, ${configuration.heads} heads, width ${configuration.width}`;
  const notes = [
    `${name}: ${shape}, context ${configuration.context}, batch ${configuration.batch}, vocabulary ${configuration.vocab}. ` +
      `Descent ${String(descent.about['threads'])} threads; PyTorch ${String(pytorch.about['version'])} with ` +
      `${torchThreads} (its faster setting of 1 and 2). Loss on the repeated batch at the end: Descent ` +
      `${significant(descent.last.value, 4)}, PyTorch ${significant(pytorch.last.value, 4)}.`,
    verdict(`${name}, times PyTorch`, ratio, target),
  ];
  if (name === 'B') notes.push(verdict('B, share of the sgemm rate', share, sgemmShareTarget));
  if (name === 'C') notes.push(verdict('C, peak memory in bytes', descent.last.peakBytes, memoryTarget, 'at most'));
  const tfjs = measured.get('tfjs');
  if (tfjs) {
    row['tfjs ms'] = significant(ms('tfjs'));
    row['times tfjs'] = significant(ms('tfjs') / ms('descent'));
    notes.push(
      verdict('A, times TensorFlow.js', ms('tfjs') / ms('descent'), tfjsTarget),
      `TensorFlow.js ${String(tfjs.about['version'])}, wasm backend with SIMD, one thread (it has no more in Node); ` +
        `loss at the end ${significant(tfjs.last.value, 4)} after fewer steps.`,
    );
  }
  return { row, notes };
}

/** Measures the configurations A, B and C, or those named in DESCENT_BENCH (as in DESCENT_BENCH=A,B). */
export async function run(): Promise<BenchResult> {
  const wanted = process.env['DESCENT_BENCH']?.split(',');
  const load = loadavg()[0]!;
  const result: BenchResult = { name: 'training', rows: [], notes: [] };
  for (const configuration of configurations) {
    if (wanted && !wanted.includes(configuration.name)) continue;
    const { row, notes } = await measure(configuration);
    result.rows.push(row);
    result.notes.push(...notes);
  }
  result.notes.push(
    `Milliseconds of one step: medians over ${rounds} turns. Share of sgemm: 6 flops per token and matrix weight plus the ` +
      `attention's products, per second, against ONNX Runtime's own 1024-cubed product measured in the same turns.`,
  );
  if (load > 0.5) result.notes.push(`The machine was not idle: load ${significant(load)} at the start.`);
  return result;
}
