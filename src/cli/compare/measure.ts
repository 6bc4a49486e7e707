import { largestPixel } from '../../data/images/batches.js';
import type { ImageSet } from '../../data/images/image-set.js';
import { encodePng, grid } from '../../formats/pictures.js';
import type { ImageModel } from '../../nn/image-model.js';
import { parameterCount } from '../../nn/parameters.js';
import { canDraw } from '../../sampling/images.js';
import { type ImageModelFigures, evaluateImageModel, modelExtractor } from '../image-evaluation.js';
import type { OpenImageModel } from '../open-image-model.js';

/** One model of a comparison, with all that is said of it. */
export interface Compared extends ImageModelFigures {
  readonly family: string;
  readonly model: string;
  readonly title: string;
  /** Of the trained model; null where it has no lineage. */
  readonly id: string | null;
  readonly parameters: number;
  /** Steps and seconds of its training, where its lineage tells. */
  readonly training?: { readonly steps: number; readonly seconds: number };
  /** Of one image, drawn in batches. */
  readonly secondsPerSample?: number;
  readonly abilities: Abilities;
  /** PNG of 64 samples. */
  readonly picture?: Uint8Array;
}

/** What a model can do, by name: in words, or undefined where it cannot. */
export type Abilities = Readonly<Record<(typeof abilityNames)[number], string | undefined>>;
export const abilityNames = ['likelihood', 'encoding', 'conditioning', 'completion', 'enlarging'] as const;

const kinds = { exact: 'exact', 'lower-bound': 'a bound', estimate: 'an estimate' } as const;

const abilitiesOf = (model: ImageModel): Abilities => ({
  likelihood: model.density && kinds[model.density.kind],
  encoding: model.codec ? 'encodes and decodes' : model.denoiser ? 'into noise and back' : undefined,
  conditioning: model.conditional === true ? 'class' : undefined,
  completion: model.sequential ? 'from the top' : model.denoiser ? 'any part' : undefined,
  enlarging: model.upscaler && `${model.upscaler.factor} times`,
});

export interface MeasureOptions {
  readonly open: OpenImageModel;
  readonly family: string;
  /** Judges samples by its features and names their classes. */
  readonly judge: OpenImageModel;
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly samples: number;
  readonly seed: number;
  readonly say?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const [shown, columns] = [64, 8];

/** Measures a model in every way that it allows. */
export async function measure(options: MeasureOptions): Promise<Compared> {
  const { open, family, judge, train, test, samples, seed, say, signal } = options;
  const { definition, model, lineage, images } = open;
  const aborts = { ...(signal && { signal }) };
  const figures = await evaluateImageModel({
    ...{ open, train, test, samples, seed, ...aborts },
    extractors: [modelExtractor(judge)],
    classifier: judge,
    ...(say && { say }),
  });
  const { steps, seconds } = lineage?.results ?? {};
  const trained = typeof steps === 'number' && typeof seconds === 'number' ? { training: { steps, seconds } } : {};
  return {
    ...figures,
    ...trained,
    family,
    model: definition.name,
    title: definition.title,
    id: lineage?.id ?? null,
    parameters: parameterCount(model.parameters),
    abilities: abilitiesOf(model),
    ...(canDraw(model) && (await drawTimed())),
  };

  async function drawTimed(): Promise<Pick<Compared, 'secondsPerSample' | 'picture'>> {
    const sample = await open.sampler({ batchSize: shown });
    // The first run of a program also makes room for what it computes.
    await sample({ count: 1, seed, ...aborts });
    const start = performance.now();
    const { images: values } = await sample({ count: shown, seed, ...aborts });
    const secondsPerSample = (performance.now() - start) / 1000 / shown;
    const largest = largestPixel(images.pixels);
    return { secondsPerSample, picture: encodePng(grid({ ...images, values, largest }, { columns })) };
  }
}
