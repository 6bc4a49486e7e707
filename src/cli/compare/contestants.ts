/** Which model speaks for its family, and how large it is where nobody says otherwise. */

export interface Contestant {
  readonly family: string;
  readonly model: string;
  /** As in the configuration of `descent train <model>`; the number of steps follows from the time there is. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A falling learning rate, which every one of them is better with. */
const schedule = (learningRate: number, warmupSteps = 100) => ({
  kind: 'cosine',
  learningRate,
  warmupSteps,
  finalFraction: 0.02,
});

/** All see pixels as bytes, so that their likelihoods are of the same thing. */
export const contestants: readonly Contestant[] = [
  {
    family: 'autoregressive',
    model: 'gated-pixel-cnn',
    settings: {
      pixels: 'bytes',
      batchSize: 16,
      model: { layers: 5, width: 24, conditional: true },
      training: { clipNorm: 1000, schedule: schedule(2e-3) },
    },
  },
  {
    family: 'autoencoding',
    model: 'vae',
    settings: {
      pixels: 'bytes',
      batchSize: 64,
      model: { network: 'convolutional', width: 32, latents: 32 },
      training: { schedule: schedule(1e-3) },
    },
  },
  {
    family: 'adversarial',
    model: 'dcgan',
    settings: { pixels: 'bytes', batchSize: 64, model: { conditional: true }, training: { schedule: schedule(2e-4) } },
  },
  {
    family: 'flow',
    model: 'glow',
    settings: {
      pixels: 'bytes',
      batchSize: 64,
      model: { conditional: true },
      training: { schedule: schedule(1e-3) },
    },
  },
  {
    family: 'diffusion',
    model: 'ddpm',
    settings: {
      pixels: 'bytes',
      batchSize: 64,
      model: { conditional: true },
      training: { average: { decay: 0.999 }, schedule: schedule(5e-4) },
    },
  },
];
