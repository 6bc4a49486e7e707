import type { Accuracy } from '../evaluation/accuracy.js';
import type { DensityFigure } from '../evaluation/density.js';
import type { Retrieval, RetrievalFigure, ZeroShotFigure } from '../evaluation/retrieval.js';
import type { SetFigures } from '../evaluation/set-figures.js';
import type { ClassFigures, ImageModelFigures } from './image-evaluation.js';

/** The figures of an image model in lines for people: each with all that one has to know to read it. */
export function describeFigures({
  density,
  estimate,
  samples = [],
  classes,
  reconstruction,
  restoration,
  accuracy,
  retrieval,
  zeroShot,
}: ImageModelFigures): string[] {
  const lines: [string, string][] = [];
  if (density) lines.push(['density', describeDensity(density)]);
  if (estimate) lines.push(['', describeDensity(estimate)]);
  for (const each of samples) lines.push(...describeSamples(each));
  if (classes) lines.push(...describeClasses(classes));
  if (reconstruction) lines.push(['reconstruction', describeSimilarity(reconstruction)]);
  if (restoration) lines.push(['restoration', describeSimilarity(restoration)]);
  if (accuracy) lines.push(['accuracy', `${percentage(accuracy)} of ${count(accuracy.images)} test images`]);
  if (retrieval) lines.push(...describeRetrieval(retrieval));
  if (zeroShot) lines.push(['zero-shot', describeZeroShot(zeroShot)]);
  if (lines.length === 0) lines.push(['', 'This model can do nothing that is measured here.']);
  return lines.map(([label, text]) => `  ${label.padEnd(16)} ${text}`);
}

function describeSimilarity(figure: NonNullable<ImageModelFigures['reconstruction']>): string {
  const { peakSignalToNoise, structuralSimilarity, meanSquaredError, images, pixels } = figure;
  const structure = structuralSimilarity === undefined ? '' : `, SSIM ${digits(structuralSimilarity)}`;
  return (
    `PSNR ${digits(peakSignalToNoise)} dB${structure}, squared error ${digits(meanSquaredError)} of the largest pixel's ` +
    `(${count(images)} test images, pixels: ${pixels})`
  );
}

const kinds = { exact: 'exact', 'lower-bound': 'an upper bound', estimate: 'an estimate' };

function describeDensity(figure: DensityFigure): string {
  const { kind, draws, nats, bitsPerDimension, standardError, images, pixels, of, given } = figure;
  const bits = bitsPerDimension === undefined ? '' : `${digits(bitsPerDimension)} bits per dimension, `;
  const what = `${of === undefined ? '' : ` of ${of}`}${given === undefined ? '' : `, given the ${given}`}`;
  const many = draws === undefined ? '' : ` with ${draws} draws`;
  return (
    `${bits}${digits(nats)} ± ${digits(standardError)} nats per image${what}: ` +
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

function describeRetrieval({ imageToText, textToImage }: Retrieval): [string, string][] {
  const describe = (figure: RetrievalFigure, from: string, to: string): string =>
    `${percentage(figure)} of ${count(figure.queries)} ${from} have theirs among the ${figure.k} nearest of ` +
    `${count(figure.candidates)} ${to}; by chance ${(100 * figure.chance).toFixed(1)}%`;
  return [
    ['image to text', describe(imageToText, 'images', 'captions')],
    ['text to image', describe(textToImage, 'captions', 'images')],
  ];
}

const describeZeroShot = ({ classes, prompts, ...accuracy }: ZeroShotFigure): string =>
  `${percentage(accuracy)} of ${count(accuracy.images)} test images are nearest to the name of their class; by chance ` +
  `${(100 / classes).toFixed(1)}% (prompts: ${prompts.join(' · ')})`;

const digits = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
const count = (value: number): string => value.toLocaleString('en');
const percentage = ({ accuracy, standardError }: Pick<Accuracy, 'accuracy' | 'standardError'>): string =>
  `${(100 * accuracy).toFixed(1)}% ± ${(100 * standardError).toFixed(1)}%`;
