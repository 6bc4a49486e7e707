import { z } from 'zod';

/** Settings of an eye, apart from what is made of them: a command's help needs these alone. */
export const eyeSettingsSchema = z.strictObject({
  tokens: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('tokens of an image: neighbouring parts are joined until there are so many; null for one a part'),
  projector: z
    .enum(['linear', 'mlp'])
    .default('mlp')
    .describe("from what the image model makes of a part to the language model's width: one layer, or two"),
});
export type EyeSettings = z.output<typeof eyeSettingsSchema>;
