import type { StepConfig } from './peer.js';

/** What the peers of `bench/images.ts` are started with. */
export interface ImagePeerConfig extends StepConfig {
  /** Training steps, or the drawing of a batch of samples. */
  readonly work: 'step' | 'sample';
  readonly model: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** 2: pixels are cut at 128. */
  readonly levels: 2 | 256;
  readonly batch: number;
  /** An idx file of images, 28 x 28; the first of them are the one batch. */
  readonly images: string;
  readonly learningRate: number;
}
