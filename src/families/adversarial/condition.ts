import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import type { ImageData } from '../../nn/image-model.js';
import { embedding, embeddingSpec, scaledNormal } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { type Tensor, add, broadcastTo, concat, mul, oneHot, reshape, sum } from '../../tensor/index.js';

/** How the players of a game are told the class. */

export const conditionSetting = z
  .enum(['none', 'projection', 'concatenation'])
  .default('none')
  .describe(
    'draw images of a class that is asked for. projection: the discriminator adds the product of its features with a vector of the class (Miyato & Koyama 2018); concatenation: it sees the class as further channels (Mirza & Osindero 2014)',
  );

export type Condition = z.output<typeof conditionSetting>;

/** @returns how many classes the players are told of, 0 for none. @throws ConfigError when the images have none */
export function classesTold(condition: Condition, { classes }: ImageData): number {
  if (condition === 'none') return 0;
  if (classes < 2) {
    throw new ConfigError(`model.condition: ${condition}, but these images have ${classes} classes`, {
      advice: 'Give labelled images, a folder for each class, or set model.condition to none.',
    });
  }
  return classes;
}

/** The generator's: noise [B, n] with the class beside it, [B, n + classes]. */
export const withClass = (noise: Tensor, labels: Tensor, classes: number): Tensor =>
  classes === 0 ? noise : concat([noise, oneHot(labels, classes)], 1);

/**
 * The discriminator's two places for the class.
 *
 * @param features numbers that the output is a linear function of
 */
export function discriminatorCondition(condition: Condition, classes: number, features: number) {
  const planes = condition === 'concatenation' ? classes : 0;
  const parameters = {
    ...(condition === 'projection' && { classes: embeddingSpec(classes, features, scaledNormal(features)) }),
  };
  return {
    parameters,
    /** Channels beside those of the image. */
    planes,
    /** images [B, C, H, W] → [B, C + planes, H, W] */
    images: (images: Tensor, labels: Tensor): Tensor => {
      if (planes === 0) return images;
      const [count, , height, width] = images.shape as [number, number, number, number];
      const told = reshape(oneHot(labels, planes), [count, planes, 1, 1]);
      return concat([images, broadcastTo(told, [count, planes, height, width])], 1);
    },
    /** Outputs [B] and the features [B, n] that they came from → outputs. */
    output: (p: TensorsOf<typeof parameters>, output: Tensor, h: Tensor, labels: Tensor): Tensor =>
      p.classes === undefined ? output : add(output, sum(mul(embedding(p.classes, labels), h), { axes: 1 })),
  };
}
