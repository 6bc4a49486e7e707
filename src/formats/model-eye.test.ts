import { describe, expect, it } from 'vitest';
import { captionTokens } from '../data/images/caption-tokens.js';
import { definition as clip } from '../families/contrastive/clip.js';
import { definition as classifier } from '../families/discriminative/classifier.js';
import type { ImageModelDefinition } from '../nn/image-model.js';
import { initialise, parameterCount, parameterLeaves } from '../nn/parameters.js';
import { CharacterTokenizer } from '../tokenizer/character-tokenizer.js';
import { CONTROL_TOKENS } from '../tokenizer/control-tokens.js';
import { type LoadedImageModel, type ModelImages, imageData } from './image-model-folder.js';
import { builtEye, eyeJson, eyeOf, eyeSchema, imageTokensOf, modelEye, sightOf } from './model-eye.js';

const images: ModelImages = {
  channels: 1,
  height: 8,
  width: 8,
  pixels: 'bytes',
  labelNames: ['a', 'b'],
  text: captionTokens(CharacterTokenizer.fromText('abc', CONTROL_TOKENS), 4),
  reading: { fit: 'pad', filter: 'box', skipBad: true, colours: false },
};

function loaded(definition: ImageModelDefinition, changes: Partial<ModelImages> = {}): LoadedImageModel {
  const config = definition.schema.parse(definition.tiny?.config ?? {});
  const made = { ...images, ...changes };
  const model = definition.build(config, imageData(made));
  return { folder: 'eye', definition, config, images: made, model, values: initialise(model.parameters, 1) };
}

const settings = { tokens: null, projector: 'linear' } as const;

describe('an image model as an eye', () => {
  it('is built again from what its folder says, with the weights of what looks alone', async () => {
    const { eye, values } = eyeOf(loaded(clip), settings);
    const again = await modelEye(eyeSchema.parse(JSON.parse(JSON.stringify(eyeJson(eye)))));
    expect(eyeJson(again)).toEqual(eyeJson(eye));
    const leaves = parameterLeaves(builtEye(again, 16, 3).parameters.encoder);
    expect(Object.keys(values).sort()).toEqual(leaves.map(({ path }) => `eye.encoder.${path}`).sort());
    expect(Object.keys(values).every((path) => path.startsWith('eye.encoder.image.stages.'))).toBe(true);
    for (const { path, spec } of leaves) {
      expect(values[`eye.encoder.${path}`]).toHaveLength(spec.shape.reduce((a, b) => a * b, 1));
    }
    expect(imageTokensOf(again)).toBe(16);
    expect(sightOf(again)).toMatchObject({ fit: 'pad', filter: 'box', shape: { channels: 1, height: 8, width: 8 } });
    expect(parameterCount(builtEye(again, 16, 3).parameters.projector)).toBe(4 * 2 + 4 * 16 + 16);
  });

  it('says which cannot be', () => {
    expect(() => eyeOf(loaded(classifier), settings)).toThrow(/A classifier makes nothing of the parts/);
    expect(() => eyeOf(loaded(clip, { pixels: 'dynamic' }), settings)).toThrow(/pixels of two values/);
  });
});
