/** Draws docs/floors.svg from the list of floors: `node eslint/draw-floors.js`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { floors, pureFloors } from './floors.js';

const tells = {
  'src/errors.ts': 'every error, with advice',
  'src/tensor': 'what a computation is: ops, tracing, gradients',
  'src/runtime': 'where it runs: traced program, ONNX graph, device',
  'src/nn': 'layers as functions; initialisers',
  'src/tokenizer': 'byte-level BPE; the chat template',
  'src/data': 'a source, examples, batches',
  'src/families': 'the models, one folder a family',
  'src/training': 'the one trainer: phases, checkpoints, the run log',
  'src/sampling': 'token decoding: cache, samplers, stop conditions',
  'src/prompting': 'tasks as prompts: zero-, one-, few-shot',
  'src/alignment': 'supervised fine-tuning, reward model, PPO',
  'src/evaluation': 'perplexity, task suites, the report card',
  'src/formats': 'model folders, safetensors, export',
  'src/serving': 'the HTTP API and its scheduler',
  'src/index.ts': 'what the library exports',
  'src/cli': 'one file a command',
  recipes: 'one file a paper, with its published number',
  studio: 'the web app',
  bench: 'measurements beside peers',
};
const storeys = [
  { name: 'the ground: computing', from: 'src/errors.ts', fill: '#e8edf3' },
  { name: 'text, data, models', from: 'src/nn', fill: '#e3f1ea' },
  { name: 'making a model', from: 'src/training', fill: '#fdf1dd' },
  { name: 'knowing and keeping it', from: 'src/evaluation', fill: '#f3e8f1' },
  { name: 'doors: what people use', from: 'src/index.ts', fill: '#fbe6e0' },
];

const width = 760;
const height = 30;
const [left, top] = [190, 66];
const right = width - 40;

/** The picture: the last floor on top, as in a house; pure floors carry a mark. */
export function drawFloors() {
  const total = floors.length;
  const bottom = top + total * height;
  const y = (index) => top + (total - 1 - index) * height;
  const storeyOf = (index) => storeys.findLast((storey) => floors.indexOf(storey.from) <= index);

  const rows = floors.map((floor, index) => {
    const mark = pureFloors.includes(floor) ? '  ○' : '';
    return [
      `<rect x="${left}" y="${y(index)}" width="${right - left}" height="${height}" fill="${storeyOf(index).fill}" stroke="#8792a2" stroke-width="0.75"/>`,
      `<text x="${left + 14}" y="${y(index) + 20}" class="floor">${floor}${mark}</text>`,
      `<text x="${left + 170}" y="${y(index) + 20}" class="tells">${tells[floor]}</text>`,
    ].join('\n');
  });
  const names = storeys.map((storey, i) => {
    const first = floors.indexOf(storey.from);
    const last = i + 1 < storeys.length ? floors.indexOf(storeys[i + 1].from) - 1 : total - 1;
    const middle = (y(first) + height + y(last)) / 2;
    return `<text x="${left - 14}" y="${middle + 4}" class="storey">${storey.name}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 56}" width="${width}" height="${bottom + 56}" role="img" aria-label="The floors of the house: imports go down only">
<style>
text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2937; }
.floor { font: 600 13px ui-monospace, 'DejaVu Sans Mono', monospace; }
.tells { font-size: 13px; fill: #4b5563; }
.storey { font-size: 12px; fill: #6b7280; text-anchor: end; }
.note { font-size: 12px; fill: #4b5563; }
</style>
<rect width="100%" height="100%" fill="#ffffff"/>
<path d="M ${left - 12} ${top} L ${(left + right) / 2} 14 L ${right + 12} ${top} Z" fill="#f8fafc" stroke="#8792a2"/>
<text x="${(left + right) / 2}" y="52" text-anchor="middle" style="font-size: 15px; font-weight: 600">Descent</text>
${rows.join('\n')}
${names.join('\n')}
<path d="M ${right + 20} ${top + 8} V ${bottom - 14}" stroke="#1f2937" stroke-width="1.5"/>
<path d="M ${right + 15} ${bottom - 14} h 10 l -5 10 Z" fill="#1f2937"/>
<path d="M ${left - 24} ${bottom} H ${right + 24}" stroke="#4b5563" stroke-width="2"/>
<text x="${left}" y="${bottom + 22}" class="note">Imports go down only: a floor may use any floor below it, never one above.</text>
<text x="${left}" y="${bottom + 42}" class="note">○ pure: knows nothing of files, processes, servers or ONNX. A floor not built yet keeps its place.</text>
</svg>
`;
}

export const picture = fileURLToPath(new URL('../docs/floors.svg', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(picture, drawFloors());
