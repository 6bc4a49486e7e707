import type { PictureRequest } from '../../../src/serving/studio/pictures.js';
import type { ImageAbilities } from '../../lib/models.js';

/** What one can have image models do, and which of them can. */

export const toolNames = [
  'sample',
  'denoise',
  'interpolate',
  'complete',
  'inpaint',
  'restore',
  'reconstruct',
  'upscale',
] as const;
export type ToolName = (typeof toolNames)[number];

export const canUse: Readonly<Record<ToolName, (model: ImageAbilities) => boolean>> = {
  sample: ({ draws }) => draws,
  denoise: ({ draws, denoises }) => draws && denoises,
  interpolate: ({ codes, draws }) => codes && draws,
  complete: ({ completes, denoises }) => completes || denoises,
  inpaint: ({ denoises }) => denoises,
  restore: ({ restores }) => restores,
  reconstruct: ({ codes, restores }) => codes && !restores,
  upscale: ({ enlarges }) => enlarges,
};

/** What is asked for, for whichever models can. */
export interface Wish {
  readonly count: number;
  readonly seed: number;
  /** A class's name; empty for every class in turn. */
  readonly label: string;
  readonly caption: string;
  readonly temperature: number;
  readonly truncation: number;
  readonly guidance: number;
  /** 0 for the model's own. */
  readonly steps: number;
  readonly keep: number;
  readonly versions: number;
  /** Of one's own: PNG as data URLs. */
  readonly drawing?: string;
  readonly mask?: string;
  readonly source: string;
}

export const firstWish: Wish = {
  count: 16,
  seed: 0,
  label: '',
  caption: '',
  temperature: 1,
  truncation: 0.7,
  guidance: 1,
  steps: 0,
  keep: 0.5,
  versions: 4,
  source: '',
};

/** A wish as a command's flags; what a model does not know is left out. */
export function requestFor(tool: ToolName, wish: Wish, model: string, able: ImageAbilities): PictureRequest {
  const { count, seed, label, caption, temperature, truncation, guidance, steps, keep, versions } = wish;
  const denoising: Record<string, string> = able.denoises
    ? { ...(steps > 0 && { steps: String(steps) }), ...(guidance !== 1 && { guidance: String(guidance) }) }
    : {};
  const numbers = { seed: String(seed), ...denoising };
  // A picture is of one class, whatever samples are of.
  const ownClass = label === '' && able.conditional ? able.labelNames[0] : label;
  const own = wish.drawing === undefined ? {} : { images: [wish.drawing], ...(ownClass && { class: ownClass }) };
  const given = wish.source === '' ? own : { source: wish.source };
  switch (tool) {
    case 'sample':
    case 'denoise':
      return {
        command: 'sample',
        model,
        flags: {
          ...numbers,
          n: String(tool === 'denoise' ? Math.min(count, 8) : count),
          ...(temperature !== 1 && { temperature: String(temperature) }),
          ...(able.conditional && label !== '' && { class: label }),
          ...(able.text && caption !== '' && { text: [caption] }),
          ...(able.controls.includes('truncation') && { truncation: String(truncation) }),
          ...(tool === 'denoise' && { strip: 'yes' }),
        },
      };
    case 'interpolate':
      return {
        command: 'interpolate',
        model,
        flags: {
          seed: String(seed),
          n: String(Math.min(8, Math.max(1, Math.round(count / 4)))),
          animate: 'yes',
          ...(able.denoises && steps > 0 && { 'denoising-steps': String(steps) }),
        },
        ...(wish.source !== '' && { source: wish.source }),
      };
    case 'complete':
      return {
        command: 'complete',
        model,
        flags: {
          ...numbers,
          keep: String(keep),
          n: wish.drawing === undefined ? String(Math.min(count, 8)) : '1',
          samples: String(versions),
          temperature: String(temperature),
        },
        ...given,
      };
    case 'inpaint':
      return {
        command: 'inpaint',
        model,
        flags: { ...numbers, n: wish.drawing === undefined ? '4' : '1', samples: String(versions) },
        ...(wish.mask !== undefined && { mask: wish.mask }),
        ...given,
      };
    case 'restore':
    case 'reconstruct':
      return { command: 'reconstruct', model, flags: { n: String(count) }, ...given };
    case 'upscale':
      return {
        command: 'upscale',
        model,
        flags: {
          seed: String(seed),
          n: String(versions),
          images: String(Math.min(8, count)),
          temperature: String(temperature),
        },
        source: wish.source === '' ? 'mnist' : wish.source,
      };
  }
}
