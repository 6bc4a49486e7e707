import { Draws, type Tensor, add, mean, mul, neg, oneHot } from '../../tensor/index.js';
import { assignmentLoss } from '../assignment.js';
import { normalLogProb, perRow } from '../distributions.js';
import type { ImageData, ImageModel, ImageTensors } from '../image-model.js';
import { type Given, type Transform, fitTransform, isFitted, isFlag } from './transform.js';

/** log p(x) of each row, [B], in nats, for a transform to [B, n] over standard normal numbers. */
export function flowLogProb(transform: Transform, p: unknown, x: Tensor, given: Given): Tensor {
  const { z, logDeterminant } = transform.forward(p as never, x, given);
  return add(perRow(normalLogProb(z, 0, 0)), logDeterminant);
}

export interface ImageFlowOptions {
  readonly name: string;
  readonly data: ImageData;
  /** From images, whole numbers [B, C, H, W], to [B, C·H·W]. */
  readonly transform: Transform;
  /** Whether it looks at the class, as `given.vector`. */
  readonly conditional: boolean;
}

/** The class of each image, where a flow looks at it. */
export const classGiven = (data: ImageData, conditional: boolean, labels: Tensor): Given =>
  conditional ? { vector: oneHot(labels, data.classes) } : {};

/** A flow as a model of images. */
export function imageFlow({ name, data, transform, conditional }: ImageFlowOptions): ImageModel {
  const size = data.channels * data.height * data.width;
  const vectorOf = (labels: Tensor): Given => classGiven(data, conditional, labels);
  const givenOf = ({ labels, key }: ImageTensors): Given => ({ draws: new Draws(key), ...vectorOf(labels) });
  const logProb = (p: unknown, batch: ImageTensors): Tensor => flowLogProb(transform, p, batch.images, givenOf(batch));
  return {
    parameters: transform.parameters,
    conditional,
    losses: [
      {
        name: 'initialisation',
        assigns: true,
        during: 'first',
        trainable: isFitted,
        loss: (p, batch) => ({
          loss: assignmentLoss(fitTransform(transform, p, batch.images, givenOf(batch)).assigned),
        }),
      },
      {
        name,
        trainable: (path) => !isFlag(path),
        loss: (p, batch) => {
          const nats = neg(mean(logProb(p, batch)));
          return { loss: nats, metrics: { bitsPerDimension: mul(nats, 1 / (size * Math.LN2)) } };
        },
      },
    ],
    density: { kind: transform.kind === 'bound' ? 'lower-bound' : 'exact', logProb },
    generative: {
      noise: { z: [size] },
      sample: (p, { noise, labels }) => transform.inverse(p, noise['z']!, vectorOf(labels)),
    },
    codec: {
      encode: (p, batch) => transform.forward(p, batch.images, givenOf(batch)).z,
      decode: (p, code, labels) => transform.inverse(p, code, vectorOf(labels)),
    },
  };
}
