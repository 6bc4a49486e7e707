import { foundPicture, searchImages } from '../src/cli/image-search.js';
import { type TrainedImages, imageRecipe } from '../src/cli/image-recipe.js';
import { embeddingOptions } from '../src/cli/open-image-model.js';
import { captioned } from '../src/data/images/caption-tokens.js';
import { type RetrievalFigure, retrieval, zeroShot } from '../src/evaluation/retrieval.js';
import { encodePng } from '../src/formats/pictures.js';

/** CLIP on emoji and their names: what it finds among emoji of which it has seen neither picture nor name. */

const figure = {
  metric: 'top-5 retrieval among unseen pairs over chance, the lesser of both ways',
  target: 10,
  direction: 'at least',
} as const;

const optimizer = { beta2: 0.98, weightDecay: 0.1 };

export const recipe = imageRecipe({
  name: 'clip',
  title: 'contrastive pretraining on 32 x 32 emoji and their names',
  source: 'Radford et al. 2021, arXiv:2103.00020; the paper has no such small model: the target is ours',
  ...figure,
  wants: 'captioned pictures, e.g. the folder of the emoji (emoji32_rgb.bin and captions.jsonl)',
  smokeData: 'mnist-captions',
  smokeModel: { channels: [4, 8], imageWidth: 16, textLayers: 1, textWidth: 16, textHeads: 2, embedding: 8 },
  scales: {
    cpu: {
      about: 'convolutions of 32, 64 and 128 channels, two blocks of width 128, batch 192, 1,200 steps',
      settings: {
        batchSize: 192,
        evaluationImages: 750,
        shift: 2,
        jitter: 0.15,
        training: {
          steps: 1200,
          clipNorm: 1,
          evaluateEvery: 400,
          optimizer,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 100, finalFraction: 0.01 },
        },
      },
    },
    gpu: {
      about: 'convolutions of 64 to 512 channels, four blocks of width 256, batch 1,024, 10,000 steps',
      settings: {
        model: {
          channels: [64, 128, 256, 512],
          imageWidth: 512,
          textLayers: 4,
          textWidth: 256,
          textHeads: 8,
          embedding: 256,
          dropout: 0.2,
        },
        batchSize: 1024,
        evaluationImages: 750,
        shift: 2,
        jitter: 0.15,
        training: {
          steps: 10_000,
          clipNorm: 1,
          evaluateEvery: 1000,
          optimizer,
          schedule: { kind: 'cosine', learningRate: 1e-3, warmupSteps: 500, finalFraction: 0.01 },
        },
      },
    },
  },
  measure: async (trained) => {
    const { open, test, signal } = trained;
    const aborts = { ...(signal && { signal }) };
    const { imageToText, textToImage } = await retrieval(embeddingOptions(open, captioned(test), aborts));
    const classes = test.labels && (await zeroShot(embeddingOptions(open, test, aborts)));
    const timesChance = ({ accuracy, chance }: RetrievalFigure): number => accuracy / chance;
    const asked = queriesOf(trained);
    const lesser = [imageToText, textToImage].sort((a, b) => timesChance(a) - timesChance(b))[0]!;
    const rowsOf = (name: string, found: RetrievalFigure) => [
      { metric: `${name}, top 5, %`, value: 100 * found.accuracy, standardError: 100 * found.standardError },
      { metric: `${name}, top 5 by chance, %`, value: 100 * found.chance },
    ];
    return {
      rows: [
        { ...figure, value: timesChance(lesser), standardError: lesser.standardError / lesser.chance },
        ...rowsOf('image to text', imageToText),
        ...rowsOf('text to image', textToImage),
        ...(classes ? [{ metric: 'zero-shot classes, %', value: 100 * classes.accuracy }] : []),
      ],
      details: { imageToText, textToImage, zeroShot: classes },
      notes: [
        `Over ${imageToText.queries} images with ${textToImage.queries} different captions; no image and no caption of theirs ` +
          'was in training. A caption is found with any of the images that have it.',
        `The rows of the picture of searches: ${asked.join(', ')}.`,
      ],
      pictures: { searches: await searches(trained, asked) },
    };
  },
});

const [queries, shown] = [8, 8];

/** Some of the unseen captions. */
function queriesOf({ test }: TrainedImages): string[] {
  const captions = [...new Set(captioned(test).captions!.map(([first]) => first!))];
  const step = Math.max(1, Math.floor(captions.length / queries));
  return captions.filter((_, index) => index % step === 0).slice(0, queries);
}

/** The images that are nearest to captions, a row for each. */
async function searches({ open, test, signal }: TrainedImages, captions: readonly string[]): Promise<Uint8Array> {
  const found = [];
  for (const query of captions)
    found.push(...(await searchImages(open, test, { query, count: shown, ...(signal && { signal }) })));
  return encodePng(foundPicture(test, found, shown));
}
