import * as ort from 'onnxruntime-node';
import { readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { gpt, type GptParameters } from '../families/autoregressive/gpt.js';
import { parameterLeaves } from '../nn/parameters.js';
import type { Tensor } from '../tensor/index.js';
import { trace } from '../tensor/trace.js';
import { simplify } from '../tensor/simplify.js';
import { gradients } from '../tensor/grad.js';
import { mul } from '../tensor/elementwise.js';
import { isTensor } from '../tensor/trace.js';
import { leaves } from '../tensor/tree.js';
import { lower } from './lowering/lower.js';
const conf = process.argv[2] ?? 'A'; const threads = Number(process.argv[3] ?? 1); const N = Number(process.argv[4] ?? 5);
const [layers, heads, width, context, batch, vocab] = ({ A: [4,4,128,64,12,65], B: [6,6,384,256,8,65], C: [12,12,768,64,4,50257], T:[2,2,32,16,4,65] } as Record<string, number[]>)[conf]! as [number,number,number,number,number,number];
const model = gpt({ vocabularySize: vocab, contextLength: context, layers, heads, width });
const tok = { shape: [batch, context], dtype: 'int32' } as const;
const g = simplify(trace((a: any) => { const loss = model.loss(a.parameters as GptParameters, a.batch.inputs as Tensor, a.batch.targets as Tensor) as Tensor; const ps = leaves(a.parameters, isTensor).map(l => l.leaf); return { loss, g: gradients(mul(loss, a.weight), ps) }; }, { parameters: model.parameters, batch: { inputs: tok, targets: tok }, weight: { shape: [], dtype: 'float32' } } as any));
const { model: bytes } = lower(g, 'cpu');
if (process.env['DUMP']) writeFileSync(process.env['DUMP'], bytes);
const prof = process.env['PROF'] === '1';
const s = await ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', enableProfiling: prof, profileFilePrefix: '/tmp/ortprof', logSeverityLevel: 3, ...(process.env['OPT'] ? { optimizedModelFilePath: process.env['OPT'] } : {}) } as never);
const feeds: Record<string, ort.Tensor> = {}; 
g.inputs.forEach(({ tensor, path }, i) => { const n = tensor.size; feeds[`i${i}`] = tensor.dtype === 'int32' ? new ort.Tensor('int32', Int32Array.from({ length: n }, (_, k) => (k * 7919) % vocab), tensor.shape as number[]) : new ort.Tensor('float32', path === 'weight' ? Float32Array.of(1) : Float32Array.from({ length: n }, () => (Math.random() - 0.5) * 0.04), tensor.shape as number[]); });
const fetches: Record<string, ort.Tensor> = {};
g.outputs.forEach(({ tensor }, i) => { fetches[`o${i}`] = new ort.Tensor('float32', new Float32Array(tensor.size), tensor.shape as number[]); });
const cpu: number[] = [], wall: number[] = [];
for (let i = 0; i < N; i++) { const c = process.cpuUsage(), t = performance.now(); await s.run(feeds, fetches); const d = process.cpuUsage(c); cpu.push((d.user + d.system) / 1000); wall.push(performance.now() - t); }
console.log(conf, 'cpu ms', cpu.map(x => x.toFixed(0)).join(' '), '| wall', wall.map(x => x.toFixed(0)).join(' '));
if (prof) { s.endProfiling(); await s.release();
  const f = readdirSync('/tmp').filter(x => x.startsWith('ortprof')).map(x => '/tmp/' + x).at(-1)!;
  const ev = JSON.parse(readFileSync(f, 'utf8')) as any[]; unlinkSync(f);
  const agg = new Map<string, [number, number]>();
  for (const e of ev) if (e.cat === 'Node' && e.name.endsWith('_kernel_time')) { const k = e.args.op_name + '  ' + (e.name as string).replace(/#.*/, '').replace('_kernel_time','') + '  ' + JSON.stringify((e.args.input_type_shape ?? []).map((x: any) => Object.values(x)[0])); const a = agg.get(k) ?? [0, 0]; a[0] += e.dur / 1000 / N; a[1] += 1 / N; agg.set(k, a); }
  const tot = [...agg.values()].reduce((a, b) => a + b[0], 0);
  const byop = new Map<string, number>(); for (const [k, [d]] of agg) { const o = k.split('  ')[0]!; byop.set(o, (byop.get(o) ?? 0) + d); }
  console.log('total', tot.toFixed(1), [...byop].sort((a, b) => b[1] - a[1]).map(([k, d]) => `${k}:${d.toFixed(1)}`).join(' '));
  for (const [k, [d, c]] of [...agg].sort((a, b) => b[1][0] - a[1][0]).slice(0, 40)) console.log(d.toFixed(2).padStart(8), c.toFixed(0).padStart(4), k);
}
