import type { Accuracy } from '../evaluation/accuracy.js';
import type { DensityFigure } from '../evaluation/density.js';
import type { SetFigures } from '../evaluation/set-figures.js';
import type { ClassFigures, ImageModelFigures } from './image-evaluation.js';

/** The figures of an image model in lines for people: each with all that one has to know to read it. */
export function describeFigures({
  density,
  samples = [],
  classes,
  reconstruction,
  accuracy,
}: ImageModelFigures): string[] {
  const lines: [string, string][] = [];
  if (density) lines.push(['density', describeDensity(density)]);
  for (const each of samples) lines.push(...describeSamples(each));
  if (classes) lines.push(...describeClasses(classes));
  if (reconstruction) {
    const { peakSignalToNoise, structuralSimilarity, meanSquaredError, images, pixels } = reconstruction;
    const structure = structuralSimilarity === undefined ? '' : `, SSIM ${digits(structuralSimilarity)}`;
    lines.push([
      'reconstruction',
      `PSNR ${digits(peakSignalToNoise)} dB${structure}, squared error ${digits(meanSquaredError)} of the largest pixel's ` +
        `(${count(images)} test images, pixels: ${pixels})`,
    ]);
  }
  if (accuracy) lines.push(['accuracy', `${percentage(accuracy)} of ${count(accuracy.images)} test images`]);
  if (lines.length === 0) lines.push(['', 'This model can do nothing that is measured here.']);
  return lines.map(([label, text]) => `  ${label.padEnd(16)} ${text}`);
}

const kinds = { exact: 'exact', 'lower-bound': 'an upper bound', estimate: 'an estimate' };

function describeDensity(figure: DensityFigure): string {
  const { kind, draws, nats, bitsPerDimension, standardError, images, pixels } = figure;
  const many = draws === undefined ? '' : ` with ${draws} draws`;
  return (
    `${digits(bitsPerDimension)} bits per dimension, ${digits(nats)} ± ${digits(standardError)} nats per image: ` +
    `${kinds[kind]}${many} (${count(images)} test images, pixels: ${pixels})`
  );
}

function describeSamples({ frechet, kernel, precision, recall, floor, ...how }: SetFigures): [string, string][] {
  const { extractor, images, pixels, neighbours } = how;
  const judge = `${extractor.features} features of ${extractor.name} ${extractor.hash}`;
  const beside = (text: string, least: number): string => `${text.padEnd(22)} floor ${digits(least)}`;
  const few = images > extractor.features ? '' : '; fewer images than features: the Fréchet distance is rough';
  return [
    [
      'samples',
      `${count(images)} against as many test images by ${judge}; pixels: ${pixels}; floor: training images${few}`,
    ],
    ['  Fréchet', beside(digits(frechet), floor.frechet)],
    [
      '  kernel',
      `${beside(`${digits(kernel.value)} ± ${digits(kernel.deviation)}`, floor.kernel.value)}, ` +
        `${kernel.subsets} subsets of ${kernel.subsetSize}`,
    ],
    ['  precision', `${beside(digits(precision), floor.precision)}, ${neighbours} neighbours`],
    ['  recall', beside(digits(recall), floor.recall)],
  ];
}

function describeClasses({ classifier, onTestImages, asAsked, coverage }: ClassFigures): [string, string][] {
  const judge = `${classifier.name} ${classifier.hash}, right on ${percentage(onTestImages)} of the test images`;
  const { covered, classes, least, shares } = coverage;
  const each = shares.map((share) => (100 * share).toFixed(0)).join(' ');
  return [
    ...(asAsked
      ? [['as asked', `${percentage(asAsked)} of samples are read as their class (${judge})`] as [string, string]]
      : []),
    ['coverage', `${covered} of ${classes} classes have at least ${(100 * least).toFixed(1)}% of the samples: ${each}`],
    ...(asAsked ? [] : [['', `read by ${judge}`] as [string, string]]),
  ];
}

const digits = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
const count = (value: number): string => value.toLocaleString('en');
const percentage = ({ accuracy, standardError }: Accuracy): string =>
  `${(100 * accuracy).toFixed(1)}% ± ${(100 * standardError).toFixed(1)}%`;
