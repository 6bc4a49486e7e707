import { join } from 'node:path';
import { type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { imagesPicture, mixingPicture } from '../src/cli/image-pictures.js';
import { openImageModel } from '../src/cli/open-image-model.js';
import { imageTrainingSchema, trainImages } from '../src/cli/stages/images.js';
import { modelFolderOf } from '../src/cli/stages/stage.js';
import { findImageModel } from '../src/formats/image-models.js';
import { encodePng } from '../src/formats/pictures.js';
import { distanceRows, distancesOf, samplesOf } from './game.helper.js';
import { openJudge } from './judge.helper.js';

/** StyleGAN2 on Fashion-MNIST, beside a DCGAN that trains for as long; and what truncation gives and takes. */

const figure = {
  metric: 'Fréchet distance, as a share of that of a DCGAN trained for as long',
  target: 1,
  direction: 'at most',
} as const;

const truncations = [1, 0.8, 0.6, 0.4];
/** Images of each row of the picture of truncation, and styles of that of mixing. */
const [shown, mixed] = [10, 7];

/** Steps that the DCGAN takes in the time of one of the StyleGAN's: their seconds are among the figures. */
const peerSteps = { smoke: 1, cpu: 2.5, gpu: 3 } as const;

/** A DCGAN of the same data. */
async function trainPeer({ open, source, scale, folder, config, signal, progress }: TrainedImages) {
  const found = await findImageModel('dcgan');
  const { batchSize, evaluationImages, seed, training } = config;
  const steps = Math.round(training.steps * peerSteps[scale]);
  const settings = imageTrainingSchema(found).parse({
    ...{ batchSize, evaluationImages, seed },
    model: scale === 'smoke' ? { width: 4 } : scale === 'gpu' ? { width: 64, latents: 100 } : {},
    training: {
      ...{ steps, clipNorm: null, evaluateEvery: steps, sampleEvery: steps },
      schedule: { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 },
    },
  });
  const out = join(folder, 'dcgan');
  const context = {
    engine: open.engine,
    changed: 'restart' as const,
    ...(signal && { signal }),
    ...(progress && { progress }),
  };
  const lineage = await trainImages(context, { out, found, config: settings, source });
  const peer = await openImageModel(open.engine, modelFolderOf(out));
  return { peer, seconds: Number(lineage.results['seconds']) };
}

async function measure(trained: TrainedImages) {
  const { open, signal } = trained;
  const judge = await openJudge(trained);
  const { peer, seconds } = await trainPeer(trained);
  const own = [];
  for (const truncation of truncations) {
    const made = await samplesOf(trained, { count: 2000, controls: { truncation } });
    own.push({ truncation, ...(await distancesOf(trained, judge, made)) });
  }
  const ofPeer = await distancesOf(trained, judge, await samplesOf({ ...trained, open: peer }, { count: 2000 }));
  const [all] = own;
  const sample = await open.sampler();
  const rows = await Promise.all(
    truncations.map(async (truncation) => (await sample({ count: shown, controls: { truncation }, signal })).images),
  );
  const picture = new Float32Array(rows.flatMap((row) => Array.from(row)));
  return {
    rows: [
      { ...figure, value: all!.frechet / ofPeer.frechet },
      ...distanceRows(all!),
      { metric: 'Fréchet distance of the DCGAN', value: ofPeer.frechet },
      ...own.slice(1).flatMap(({ truncation, precision, recall }) => [
        { metric: `precision at truncation ${truncation}`, value: precision },
        { metric: `recall at truncation ${truncation}`, value: recall },
      ]),
      { metric: 'seconds of training of the DCGAN', value: Math.round(seconds) },
    ],
    details: { truncations: own, dcgan: ofPeer },
    notes: [
      `Of ${all!.images} samples and as many test images, by ${all!.extractor.features} features of a classifier of the same data; they compare with no other extractor's.`,
      `Truncation 1 unless it says otherwise. The picture of it: a row each of ${truncations.join(', ')}, the same noise.`,
      'What is drawn from are averages of the weights over time; the DCGAN has none, as its running moments are of its weights as they are.',
    ],
    pictures: {
      truncation: encodePng(imagesPicture(open, picture, { columns: shown })),
      styles: encodePng(await mixingPicture(open, { count: mixed, signal })),
    },
  };
}

/** Weights begin with deviation 1, so a step of a given length changes little; short training wants long ones. */
const schedule = (learningRate: number) => ({ kind: 'linear', learningRate, decayOver: 0.3, finalFraction: 0.05 });

export const recipe = imageRecipe({
  name: 'style-gan',
  title: 'StyleGAN2 on Fashion-MNIST, beside a DCGAN',
  source:
    'Karras et al. 2020, arXiv:1912.04958 and arXiv:2006.06676, who have no figure for Fashion-MNIST: held against DCGAN (Radford et al. 2016)',
  ...figure,
  data: 'fashion-mnist',
  smokeModel: { width: 2, style: 8, mappingLayers: 1 },
  scales: {
    cpu: {
      about: '12, 24 and 48 channels, batch 64, 3,600 steps',
      settings: {
        batchSize: 64,
        model: {
          width: 12,
          mappingLayers: 2,
          pathLengthEvery: 16,
          // A discriminator that sees each image three times learns none by heart.
          augmentation: { target: 0 },
        },
        training: {
          steps: 3600,
          clipNorm: null,
          evaluateEvery: 3600,
          sampleEvery: 1800,
          average: { decay: 0.998 },
          schedule: schedule(8e-3),
        },
      },
    },
    gpu: {
      about: '32, 64 and 128 channels, adaptive augmentation, batch 64, 60,000 steps',
      settings: {
        batchSize: 64,
        model: { width: 32, latents: 128, style: 128 },
        training: {
          steps: 60_000,
          clipNorm: null,
          evaluateEvery: 60_000,
          sampleEvery: 10_000,
          average: { decay: 0.9995 },
          schedule: schedule(1e-3),
        },
      },
    },
  },
  measure,
});
