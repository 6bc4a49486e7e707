import type { z } from 'zod';
import type { Tensor } from '../tensor/index.js';

/**
 * What an image model can do, as small capabilities: any of them may be missing but losses. All are functions of traced
 * tensors, so that one description trains, samples and measures on every device.
 *
 * Images are float32 [B, C, H, W] in whole numbers from 0 to 255, or to 1 for a model of binary pixels.
 */

/** What a model is built for. */
export interface ImageData {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Values of a pixel: 2 or 256. */
  readonly levels: number;
  /** Number of classes; 0: the images have no labels. */
  readonly classes: number;
  /** Their captions as tokens; absent where they have none, or the model does not read them. */
  readonly text?: TextData;
}

export interface TextData {
  /** Number of tokens that there are. Token 0 fills up short captions, and the last, vocabulary − 1, ends each. */
  readonly vocabulary: number;
  /** Tokens of a caption, its end among them. */
  readonly length: number;
}

export interface ImageTensors {
  readonly images: Tensor;
  /** int32 [B] */
  readonly labels: Tensor;
  /** Captions, int32 [B, length]; where `ImageData.text` says that there are some. */
  readonly tokens?: Tensor;
  /** int32 [2]: of this batch's random draws. */
  readonly key: Tensor;
}

/** A tree of tensors in the shape of the model's declared parameters. The model knows its own; nobody else looks inside. */
export type ParameterTree = never;

/** A scalar to descend, and scalars to log. */
export interface LossTensors {
  readonly loss: Tensor;
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** One optimization problem, as a phase of the trainer. */
export interface ImageLoss {
  readonly name: string;
  readonly loss: (parameters: ParameterTree, batch: ImageTensors) => LossTensors;
  /** Parameters that it moves, by path. Default: all. */
  readonly trainable?: (path: string) => boolean;
  /**
   * Assigns new values in place of descending: its loss is Σ ½ (parameter − new value)², new values held constant, and
   * a step of plain descent with rate 1 lands on them. E.g. a codebook that is a moving average.
   */
  readonly assigns?: boolean;
  /** It takes part in steps that are a multiple of this, e.g. a penalty that is needed only now and then. Default 1. */
  readonly every?: number;
  /** Differences from the run's optimizer; `rate` is a factor to its learning rate. */
  readonly optimizer?: { readonly beta1?: number; readonly beta2?: number; readonly rate?: number };
  /** False for one that has no reason to fall, such as a player's in a game: only NaN and infinity stop the run. Default true. */
  readonly falls?: boolean;
  /** It looks at the batch as a whole, so that it is no mean of the losses of parts, e.g. batch statistics. Default false. */
  readonly wholeBatch?: boolean;
  /**
   * Shares of the run between which it takes part, e.g. a prior that waits for its codes. `first`: the first step alone,
   * e.g. an initialisation from data. Default [0, 1].
   */
  readonly during?: readonly [from: number, until: number] | 'first';
}

/**
 * A probability over images. `exact`: log p(x). `lower-bound`: at most log p(x), in expectation over the key.
 * `estimate`: an importance-weighted mean over `draws` samples, which rises to log p(x) with their number.
 */
export interface Density {
  readonly kind: 'exact' | 'lower-bound' | 'estimate';
  readonly draws?: number;
  /** What it is a probability of, where that is not the images as given: e.g. the tokens of a palette. */
  readonly of?: string;
  /** log p of each image in nats, [B]; of the discrete image, not of a density over noisy pixels. */
  readonly logProb: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
}

/** Draws images from noise in one go. */
export interface Generative {
  /** Standard normal numbers that one image is made of, by name: shapes without the batch axis. */
  readonly noise: Shapes;
  /** Numbers that whoever draws may set, by name. */
  readonly controls?: Controls;
  /** Two of the noises are of one kind: coarse features come from the one, fine ones from the other. */
  readonly mixing?: {
    readonly coarse: string;
    readonly fine: string;
    /** The control that says where coarse ends, and its value for pictures of that. */
    readonly control: string;
    readonly at: number;
  };
  /** → images [B, C, H, W]. The noise comes already multiplied by the temperature; the state is what was searched for. */
  readonly sample: (
    parameters: ParameterTree,
    given: {
      readonly noise: NamedTensors;
      readonly labels: Tensor;
      readonly tokens?: Tensor;
      /** Scalars, float32 []. */
      readonly controls: NamedTensors;
      readonly state?: NamedTensors;
    },
  ) => Tensor;
  /** What `sample` needs and only repetition finds, e.g. the inverse of an autoregressive flow. */
  readonly search?: {
    /** Zeros before the first pass. */
    readonly state: Shapes;
    /** After so many passes nothing changes any more; it is over as soon as a pass changes nothing. */
    readonly passes: number;
    readonly improve: (
      parameters: ParameterTree,
      given: { readonly noise: NamedTensors; readonly labels: Tensor; readonly state: NamedTensors },
    ) => NamedTensors;
  };
}

/** Settings of drawing, by name. */
export type Controls = Readonly<Record<string, { readonly default: number; readonly about: string }>>;

/** float32 shapes by name, without the batch axis. */
export type Shapes = Readonly<Record<string, readonly number[]>>;
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Draws images value by value, each given those before it, and recomputes only what a new value changes. */
export interface Sequential {
  /** Values of one image, in the order of drawing: pixels (of each pixel its channels in turn), tokens, or codes. */
  readonly length: number;
  /** Values of one row of the image, where `row` does not say it. Default: all. */
  readonly rowLength?: number;
  /** A value is a whole number below this. */
  readonly levels: number;
  /** What is kept from value to value; zeros before the first. */
  readonly state: Shapes;
  /** Values that take turns, each with a program of its own: the channels of a pixel. Default 1. */
  readonly turns?: number;
  /** Logits of a value: [B, levels]. The value before it is `previous`, int32 [B]; before the first value it is 0. */
  readonly next: (
    parameters: ParameterTree,
    given: SequentialTensors & { readonly previous: Tensor },
    turn: number,
  ) => { readonly logits: Tensor; readonly state: NamedTensors };
  /** What is computed once for a whole row of values, before its first one. */
  readonly row?: {
    /** Values of a row. */
    readonly length: number;
    /** The row before, int32 [B, length], zeros before the first → the state. */
    readonly start: (
      parameters: ParameterTree,
      given: SequentialTensors & { readonly previousRow: Tensor },
    ) => NamedTensors;
  };
  /** images → values, int32 [B, length] */
  readonly toValues: (parameters: ParameterTree, images: Tensor) => Tensor;
  /** values int32 [B, length] → images */
  readonly toImages: (parameters: ParameterTree, values: Tensor, labels: Tensor) => Tensor;
}

export interface SequentialTensors {
  readonly state: NamedTensors;
  /** int32 [1]: how many values are drawn already. */
  readonly index: Tensor;
  /** int32 [B] */
  readonly labels: Tensor;
}

/**
 * Takes noise away: what a diffusion model is, whatever its network predicts. What it works on is an image with values
 * in [−1, 1], or a code of one. Noise is added, never mixed in: x = clean + sigma · noise (Karras et al. 2022); a model
 * that was trained on mixtures scales x by itself.
 */
export interface Denoiser {
  /** Of what is denoised, without the batch axis. */
  readonly shape: readonly number[];
  /** Standard deviations to draw with in so many steps, falling; the last step ends at 0, which is not among them. */
  readonly sigmas: (steps: number) => readonly number[];
  /** Steps where nobody says how many. */
  readonly steps: number;
  /** The sampler where nobody says which. */
  readonly sampler: SamplerName;
  /** What is clean lies within; absent where that is not known, as of codes. */
  readonly bounds?: readonly [least: number, most: number];
  /** What else it is given. Any of them can be withheld, unless it is an image. */
  readonly conditions: readonly ('class' | 'text' | 'image')[];
  /** An image that it is given, small or a map of regions. */
  readonly given?: {
    /** Without the batch axis. */
    readonly shape: readonly number[];
    /** What would be given of whole images [B, C, H, W]: [B, …shape]. */
    readonly of: (images: Tensor) => Tensor;
  };
  /**
   * What it is given instead of an image, and has to be drawn first, from the same conditions: e.g. the point of an image
   * that a caption may describe. The denoiser gets it as `image`.
   */
  readonly prior?: PointDenoiser;
  /** How much more of a class or a text than it finds, where nobody says. Default 1. */
  readonly guidance?: number;
  readonly denoise: (parameters: ParameterTree, noisy: NoisyTensors) => DenoisedTensors;
  /** Images → what is denoised. */
  readonly encode: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
  /** What is denoised → images. */
  readonly decode: (parameters: ParameterTree, clean: Tensor) => Tensor;
}

/** Takes noise away from what is no image and becomes none. */
export type PointDenoiser = Omit<Denoiser, 'encode' | 'decode' | 'given' | 'prior'>;

/** Ways from noise to an image. */
export const samplerNames = ['ddpm', 'ddim', 'euler', 'heun', 'dpm++'] as const;
export type SamplerName = (typeof samplerNames)[number];

export interface NoisyTensors {
  /** [B, …shape] */
  readonly x: Tensor;
  /** float32 [B] */
  readonly sigma: Tensor;
  /** int32 [B] */
  readonly labels: Tensor;
  /** int32 [B, length] */
  readonly tokens?: Tensor;
  /** [B, …given.shape], or what the prior drew. */
  readonly image?: Tensor;
  /** float32 [B]: 1, or 0 where class and text are withheld. */
  readonly told: Tensor;
}

export interface DenoisedTensors {
  /** The mean of what it may have been without noise: [B, …shape]. */
  readonly clean: Tensor;
  /**
   * In [0, 1], [B, …shape], where the variance of a step back is learned: where it lies, in logarithms, between the least
   * (0) and the most (1) that it can be (Nichol & Dhariwal 2021).
   */
  readonly spread?: Tensor;
}

/** Images to codes and back. What lies on the line between two codes is a code too. */
export interface Codec {
  /** images → code [B, …]; of a distribution over codes, its mean. */
  readonly encode: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
  /** code → images, the mean of each pixel. */
  readonly decode: (parameters: ParameterTree, code: Tensor, labels: Tensor) => Tensor;
}

/** Makes images whole again of which it sees only a part, or a noisy version. */
export interface Restorer {
  /** images → what the model is shown of them, and what it makes of that, both [B, C, H, W] in the images' values. */
  readonly restore: (
    parameters: ParameterTree,
    batch: ImageTensors,
  ) => { readonly seen: Tensor; readonly restored: Tensor };
}

/** What a network makes of an image on the way: for linear probes, fine-tuning, and distances between sets of images. */
export interface Features {
  /** Numbers of one image. */
  readonly size: number;
  /** → [B, size] */
  readonly of: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
}

/** What a network makes of each part of an image, in the order of reading: what a language model can look at. */
export interface PartFeatures {
  /** Parts of an image. */
  readonly count: number;
  /** Numbers of one part. */
  readonly size: number;
  /** Those of the model's parameters that it takes: a tree within theirs. */
  readonly parameters: object;
  /** → [B, count, size] */
  readonly of: (parameters: ParameterTree, batch: Pick<ImageTensors, 'images'>) => Tensor;
}

/** Names the class of an image. */
export interface Classifier {
  /** → [B, classes] */
  readonly logits: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
}

/** Images and captions as points of one space, near each other where they belong together. */
export interface Embeddings {
  /** Numbers of a point. */
  readonly size: number;
  /** → [B, size], each of length 1. */
  readonly ofImages: (parameters: ParameterTree, batch: ImageTensors) => Tensor;
  /** Captions int32 [B, length] → [B, size], each of length 1. */
  readonly ofText: (parameters: ParameterTree, tokens: Tensor) => Tensor;
}

/** Enlarges images; several times, and differently each time where the noise differs. */
export interface Upscaler {
  /** Side of the large image over that of the small one. */
  readonly factor: number;
  /** The small image of a large one. */
  readonly reduce: (images: Tensor) => Tensor;
  /** In one go; absent of a model whose denoiser is given the small image. */
  readonly inOneGo?: EnlargesInOneGo;
}

export interface EnlargesInOneGo {
  /** As in `Generative`. */
  readonly noise: Shapes;
  /** small [B, C, H / factor, W / factor] → [B, C, H, W] */
  readonly enlarge: (
    parameters: ParameterTree,
    given: { readonly small: Tensor; readonly noise: NamedTensors },
  ) => Tensor;
}

export interface ImageModel {
  /** Declared parameters. */
  readonly parameters: object;
  readonly losses: readonly ImageLoss[];
  /**
   * Made of dense layers, whose parameters outweigh an image's activations: parts of a batch side by side are then no
   * faster. Default false.
   */
  readonly dense?: boolean;
  /** Labels change what it draws. Default false. */
  readonly conditional?: boolean;
  /**
   * What is wrong with a run, by condition, from what its losses log, smoothed over many steps: `<loss>.<metric>` where
   * there are several losses. A condition without words is not there.
   */
  readonly unhealthy?: (figures: Readonly<Record<string, number>>) => Readonly<Record<string, string | undefined>>;
  readonly density?: Density;
  /** A tighter value of the same density, with many draws. */
  readonly tighter?: (draws: number) => Density;
  readonly generative?: Generative;
  readonly sequential?: Sequential;
  readonly denoiser?: Denoiser;
  readonly codec?: Codec;
  readonly restorer?: Restorer;
  readonly features?: Features;
  readonly parts?: PartFeatures;
  readonly classifier?: Classifier;
  readonly embeddings?: Embeddings;
  readonly upscaler?: Upscaler;
}

/** One model of a family: `families/<family>/<name>.ts` exports one as `definition`. */
export interface ImageModelDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** For lists: what it is, and the paper. */
  readonly title: string;
  readonly source: string;
  /** Its settings; the descriptions are the command line's help. */
  readonly schema: Schema;
  /** What a pixel is to it, unless told otherwise. */
  readonly pixels: 'bytes' | 'dynamic';
  /** Reads captions: it is trained on images that have some, and `ImageData.text` is given. Default false. */
  readonly text?: boolean;
  /** A version for images of a few pixels, on which tests try what every model must do. */
  readonly tiny?: {
    /** Its settings, where the defaults are too large. */
    readonly config?: z.input<Schema>;
    /** The least side of an image that it takes so. Default 2. */
    readonly side?: number;
    /** The least number of classes. Default 0. */
    readonly classes?: number;
  };
  readonly build: (config: z.output<Schema>, data: ImageData) => ImageModel;
}

/** Keeps the types of a definition's parts together. */
export const defineImageModel = <Schema extends z.ZodObject>(
  definition: ImageModelDefinition<Schema>,
): ImageModelDefinition => definition;
