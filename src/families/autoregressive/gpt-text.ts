import type { TextModel, TextModelDefinition } from '../../nn/text-model.js';
import { type Tensor, float32, int32, sliceAxis } from '../../tensor/index.js';
import { gptConfigSchema } from './gpt-config.js';
import { type GptParameters, gpt } from './gpt.js';

const schema = gptConfigSchema.omit({ vocabularySize: true });

/** The GPT as a model that tasks are put to. */
export const textDefinition: TextModelDefinition<typeof schema> = {
  name: 'gpt',
  title: 'GPT',
  source: 'Radford et al. 2018, Improving Language Understanding by Generative Pre-Training',
  schema,
  controls: [],
  build: (settings, { size }): TextModel => {
    const model = gpt({ ...settings, vocabularySize: size });
    const { config, parameters } = model;
    return {
      config,
      parameters,
      body: { ...model, reads: 'last' },
      pretraining: {
        reads: 'windows',
        batch: (batchSize) => ({
          tokens: int32(batchSize, config.contextLength + 1),
          mask: float32(batchSize, config.contextLength),
          ...(config.dropout > 0 && { key: int32(2) }),
        }),
        loss: (p: GptParameters, { tokens, mask, key }: { tokens: Tensor; mask: Tensor; key?: Tensor }) => ({
          loss: model.loss(
            p,
            sliceAxis(tokens, { axis: 1, limit: -1 }),
            sliceAxis(tokens, { axis: 1, start: 1 }),
            mask,
            key && { dropoutKey: key },
          ),
        }),
      },
    };
  },
};
