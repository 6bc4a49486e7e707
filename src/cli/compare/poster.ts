import { type Bar, chart, chartHeight, hatch, significant } from './chart.js';
import { type Comparison } from './comparison.js';
import { diagramSize, diagrams } from './diagrams.js';
import type { Compared } from './measure.js';
import { definitions, drawing, image, moved, text } from './svg.js';

/** The families side by side as one drawing: how each works, what it draws, and its figures. */

const [margin, column, gap] = [24, diagramSize.width, 20];
const sampleSide = 240;

/** Lines of at most so many letters. */
function wrapped(words: string, letters: number): string[] {
  const lines = [''];
  for (const word of words.split(' ')) {
    const line = `${lines.at(-1)!} ${word}`.trim();
    if (line.length <= letters) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

const paragraph = (words: string, y: number): string =>
  wrapped(words, 46)
    .map((line, index) => text(column / 2, y + 15 * index, line, { size: 11.5, look: 'quiet' }))
    .join('');

function family(compared: Compared): string {
  const { family: name, title, picture } = compared;
  const { draw, inWords } = diagrams[name] ?? { draw: () => '', inWords: '' };
  return [
    text(column / 2, 18, name, { size: 17, weight: 'bold' }),
    text(column / 2, 38, title, { size: 12 }),
    moved(0, 52, draw()),
    paragraph(inWords, 192),
    picture
      ? moved(0, 240, image(picture, (column - sampleSide) / 2, sampleSide))
      : text(column / 2, 360, 'draws nothing', { look: 'quiet' }),
  ].join('');
}
const familyHeight = 240 + sampleSide;

/** What the charts show of a comparison; a figure that a model does not have leaves a gap that says so. */
function chartsOf({ models }: Comparison, width: number): string[] {
  const bars = (of: (model: Compared) => Omit<Bar, 'label'>): Bar[] =>
    models.map((model) => ({ label: model.model, ...of(model) }));
  const any = (of: (model: Compared) => unknown): boolean => models.some((model) => of(model) !== undefined);
  const [sampled] = models.flatMap(({ samples }) => samples ?? []);
  const charts = [
    any(({ density }) => density) &&
      chart({
        title: 'Negative log-likelihood',
        unit: 'bits per dimension',
        about: 'Lower is better. Hatched: an upper bound, to be compared with other bounds only.',
        width,
        bars: bars(({ density }) => ({
          value: density?.bitsPerDimension,
          bound: density !== undefined && density.kind !== 'exact',
          ...(density && { note: density.kind === 'exact' ? 'exact' : '' }),
        })),
      }),
    sampled &&
      chart({
        title: 'Fréchet distance',
        unit: `of ${sampled.images.toLocaleString('en')} samples`,
        about: 'Lower is better. Red: as many training images, the best that can be had.',
        width,
        logarithmic: true,
        bars: bars(({ samples }) => ({
          value: samples?.[0]?.frechet,
          ...(samples?.[0] && { floor: samples[0].floor.frechet }),
        })),
      }),
    any(({ secondsPerSample }) => secondsPerSample) &&
      chart({
        title: 'Drawing',
        unit: 'milliseconds an image',
        about: '64 at once, on this machine.',
        width,
        logarithmic: true,
        bars: bars(({ secondsPerSample }) => ({
          value: secondsPerSample === undefined ? undefined : 1000 * secondsPerSample,
        })),
      }),
  ];
  return charts.filter((each): each is string => typeof each === 'string');
}

/** The whole as SVG text. */
export function poster(comparison: Comparison): string {
  const { models, data } = comparison;
  const width = 2 * margin + models.length * column + (models.length - 1) * gap;
  const chartWidth = Math.min(520, (width - 2 * margin - 2 * gap) / 3);
  const charts = chartsOf(comparison, chartWidth);
  const chartsTop = 100 + familyHeight + 40;
  const height = chartsTop + chartHeight(models.length) + 40;
  const about =
    comparison.seconds === undefined
      ? 'trained models as given'
      : `${significant(comparison.seconds / 60)} minutes of training each, on this machine`;
  return drawing({
    width,
    height,
    label: `Families of generative models on ${data.name}`,
    content: [
      definitions,
      hatch,
      moved(
        margin,
        0,
        text(0, 40, `Generative models of ${data.name}`, { anchor: 'start', size: 24, weight: 'bold' }) +
          text(0, 64, about, { anchor: 'start', size: 13, look: 'quiet' }),
      ),
      ...models.map((model, index) => moved(margin + index * (column + gap), 90, family(model))),
      ...charts.map((each, index) => moved(margin + index * (chartWidth + gap), chartsTop, each)),
    ],
  });
}
