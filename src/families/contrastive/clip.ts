import { z } from 'zod';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { type ImageTextParameters, imageTextEncoders, imageTextSettings } from '../../nn/image-text-encoders.js';

/** Images and captions in one space (Radford et al. 2021): what belongs together is near. */

export const clipSchema = z.strictObject(imageTextSettings);

export const definition = defineImageModel({
  name: 'clip',
  title: 'contrastive language-image pretraining',
  source: 'Radford et al. 2021, arXiv:2103.00020',
  schema: clipSchema,
  pixels: 'bytes',
  text: true,
  tiny: { config: { channels: [4], imageWidth: 6, textLayers: 1, textWidth: 8, textHeads: 2, embedding: 5 } },
  build: (config, data): ImageModel => {
    const { parameters, features, parts, ofImages, ofText, loss } = imageTextEncoders(config, data);
    type Parameters = ImageTextParameters;
    return {
      parameters,
      losses: [{ name: 'clip', wholeBatch: true, loss: (p: Parameters, batch) => loss(p, batch) }],
      features: { size: config.imageWidth, of: (p: Parameters, { images }) => features(p, images) },
      parts,
      embeddings: {
        size: config.embedding,
        ofImages: (p: Parameters, { images }) => ofImages(p, images),
        ofText: (p: Parameters, tokens) => ofText(p, tokens),
      },
    };
  },
});
