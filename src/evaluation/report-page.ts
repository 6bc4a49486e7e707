import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { escape } from './markup.js';
import { type LogRow, type ReportData, type StageSummary, examRows, tellingAnswers } from './report-card.js';

/** The report card as one self-contained page: nothing in it is loaded from elsewhere. */

interface Curve {
  readonly title: string;
  readonly unit: string;
  readonly x: readonly number[];
  readonly series: readonly { readonly label: string; readonly y: readonly (number | null)[] }[];
}

/** Which figures of each stage's log are drawn, and in which unit. */
const curves: Record<string, readonly { title: string; unit: string; keys: Readonly<Record<string, string>> }[]> = {
  pretraining: [
    { title: 'Pretraining', unit: 'nats per token', keys: { loss: 'training', validationLoss: 'held out' } },
  ],
  supervised: [
    { title: 'Supervised fine-tuning', unit: 'nats per token', keys: { loss: 'training', validationLoss: 'held out' } },
  ],
  reward: [
    { title: 'Reward model: loss', unit: 'nats per prompt', keys: { loss: 'training' } },
    {
      title: 'Reward model: pairs in order',
      unit: 'share',
      keys: { pairAccuracy: 'training', heldOutPairAccuracy: 'held out' },
    },
  ],
  reinforcement: [
    { title: 'PPO: reward', unit: 'reward model’s unit', keys: { reward: 'reward' } },
    { title: 'PPO: true score', unit: '0 to 1', keys: { trueScore: 'true score' } },
    { title: 'PPO: distance from the supervised model', unit: 'nats per answer', keys: { kl: 'KL' } },
    { title: 'PPO: entropy', unit: 'nats per token', keys: { 'policy.entropy': 'entropy' } },
    { title: 'PPO: clipped ratios', unit: 'share', keys: { 'policy.clipFraction': 'clipped' } },
    { title: 'PPO: value loss', unit: 'squared reward', keys: { 'value.loss': 'value loss' } },
    { title: 'PPO: length of answers', unit: 'tokens', keys: { length: 'length' } },
    { title: 'PPO: pretraining loss', unit: 'nats per token', keys: { 'policy.pretraining.loss': 'pretraining mix' } },
  ],
};

/** A figure under its own name, or under that name behind a phase's: `policy.reward` is `reward` too. */
function figure(row: LogRow, key: string): number | null {
  const figures = { ...row, ...row.evaluation };
  const name = Object.keys(figures).find((each) => each === key || each.endsWith(`.${key}`));
  const value = name === undefined ? undefined : figures[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The curves of a stage that its log has numbers for, thinned to a few hundred points. */
function curvesOf({ stage, metrics }: StageSummary): Curve[] {
  return (curves[stage] ?? []).flatMap(({ title, unit, keys }): Curve[] => {
    const rows = metrics.filter((row) => Object.keys(keys).some((key) => figure(row, key) !== null));
    if (rows.length < 2) return [];
    const every = Math.ceil(rows.length / 400);
    const kept = rows.filter((row, index) => index % every === 0 || row.evaluation !== undefined);
    const series = Object.entries(keys)
      .map(([key, label]) => ({ label, y: kept.map((row) => figure(row, key)) }))
      .filter(({ y }) => y.some((value) => value !== null));
    return [{ title, unit, x: kept.map(({ step }) => step ?? 0), series }];
  });
}

/** The plotting library as text, to be put into the page. */
function plotting(): { script: string; style: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'));
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}

function examTable(stages: readonly StageSummary[]): string {
  const examined = stages.filter(({ exam }) => exam !== undefined);
  if (examined.length === 0) return '';
  const cell = (value: string): string => {
    const share = /^(\d+)%$/.exec(value);
    const shade = share === null ? '' : ` style="--share:${Number(share[1]) / 100}"`;
    return `<td${shade}>${escape(value)}</td>`;
  };
  const head = examined.map(({ name }) => `<th>${escape(name)}</th>`).join('');
  const rows = examRows(stages).map(({ label, values }) => {
    const indent = label.startsWith(' ') ? ' class="kind"' : '';
    return `<tr><th${indent}>${escape(label.trim())}</th>${values.map(cell).join('')}</tr>`;
  });
  return `<h2>The same questions to every model</h2>
<p>Questions held out from all training. True score: 1 for a right answer or an honest “I don’t know” where there is
none, 0.4 for refusing what could be known, 0 for wrong or invented; ± is the standard error over the questions.</p>
<table class="exam"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function answersTable(stages: readonly StageSummary[]): string {
  const names = stages.filter(({ exam }) => exam !== undefined).map(({ name }) => name);
  const rows = tellingAnswers(stages, 3);
  if (rows.length === 0) return '';
  const body = rows.map((row) => {
    const [{ kind, messages, reference }] = row as [(typeof row)[number]];
    const dialogue = messages.map(({ role, content }) => `<div class="${role}">${escape(content)}</div>`).join('');
    const answers = row.map(
      ({ answer, score, grade }) =>
        `<td class="${score >= 0.7 ? 'good' : score > 0 ? 'fair' : 'bad'}">${escape(answer)}<small>${grade}</small></td>`,
    );
    return `<tr><td><small>${escape(kind)}</small>${dialogue}<small>best: ${escape(reference)}</small></td>${answers.join('')}</tr>`;
  });
  return `<h2>Answers side by side</h2>
<table class="answers"><thead><tr><th>question</th>${names.map((name) => `<th>${escape(name)}</th>`).join('')}</tr></thead>
<tbody>${body.join('')}</tbody></table>`;
}

function stageTable(stages: readonly StageSummary[]): string {
  const rows = stages.map(({ name, results }) => {
    const figures = Object.entries(results)
      .filter(([, value]) => typeof value === 'number')
      .map(([key, value]) => `${escape(key)} <b>${format(value as number)}</b>`);
    return `<tr><th>${escape(name)}</th><td>${figures.join(' · ')}</td></tr>`;
  });
  return `<h2>Stages</h2><table class="stages">${rows.join('')}</table>`;
}

const format = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en') : value.toPrecision(4).replace(/0+$/, '').replace(/\.$/, '');

const pageStyle = `
body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:#1d2430;background:#fbfbf9}
h1{margin-bottom:0}h2{margin-top:2.2rem;border-bottom:1px solid #d8d8d0}small{display:block;color:#6b7280}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid #e6e6df}
.exam td{text-align:right;background:linear-gradient(90deg,#cfe6d6 calc(var(--share,0)*100%),transparent 0)}.exam thead th{text-align:right}
.exam th.kind{font-weight:400;padding-left:1.6rem}.good{background:#e3f2e6}.fair{background:#fdf3d8}.bad{background:#fae4e1}
.user::before{content:"› ";color:#9aa1ab}.assistant{color:#6b7280}.assistant::before{content:"‹ "}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:1rem}
pre{background:#f1f1ec;padding:1rem;overflow-x:auto}.answers td{width:${100 / 4}%}`;

/** Draws each curve into its place; runs in the page. */
const drawing = `
const colours=['#2563ab','#d0642c','#3f8f5b'];
for(const [index,curve] of curves.entries()){
  const place=document.getElementById('plot-'+index);
  new uPlot({width:Math.min(520,place.clientWidth),height:200,title:curve.title,
    scales:{x:{time:false},y:{range:(_,low,high)=>low===high?[Math.min(0,low),Math.max(1,high)]:uPlot.rangeNum(low,high,0.1,true)}},
    axes:[{},{size:56}],
    series:[{label:'step'},...curve.series.map((s,i)=>({label:s.label,stroke:colours[i],width:i?2:1.5,spanGaps:true,points:{show:s.y.filter(v=>v!==null).length<12}}))]},
    [curve.x,...curve.series.map(s=>s.y)],place);
}`;

/** The report as one HTML page. */
export function renderHtml(data: ReportData): string {
  const { script, style } = plotting();
  const all = data.stages.flatMap(curvesOf);
  const plots = all.map(
    ({ unit }, index) => `<figure id="plot-${index}" style="margin:0"><small>${escape(unit)}</small></figure>`,
  );
  const { machine } = data;
  const minutes = (data.seconds / 60).toFixed(1);
  // "</script>" inside the data would end the script element.
  const json = JSON.stringify(all).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Report card: ${escape(data.task)}</title><style>${style}${pageStyle}</style></head><body>
<h1>Report card: ${escape(data.task)}</h1>
<small>${escape(data.createdAt.slice(0, 16).replace('T', ' '))} · this call took ${minutes} minutes · ${escape(machine.cpu)}, ${machine.cores} cores · Node ${escape(machine.node)}</small>
${examTable(data.stages)}
${stageTable(data.stages)}
<h2>Training</h2><div class="plots">${plots.join('')}</div>
${answersTable(data.stages)}
<h2>Family tree</h2><pre>${escape(data.familyTree)}</pre>
<script>${script}</script><script>const curves=${json};${drawing}</script>
</body></html>
`;
}
