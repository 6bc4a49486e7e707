import { type LoadedModel, languageModelOf } from '../src/formats/model-folder.js';
import { parameterCount } from '../src/nn/parameters.js';

/** The parameters of a language model. */
export const parametersOf = (model: LoadedModel): number => parameterCount(languageModelOf(model).parameters);

/**
 * How large a model is and how many tokens it was trained on, with those of the models that it began as: the scale that
 * docs/LINEAGE.md sets beside the paper's.
 */
export const sizeOf = (model: LoadedModel, before: readonly LoadedModel[] = []) => ({
  parameters: parametersOf(model),
  tokens: [...before, model].reduce((sum, { lineage }) => sum + Number(lineage?.results['tokens'] ?? 0), 0),
});
