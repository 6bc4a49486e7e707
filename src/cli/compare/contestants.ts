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
    settings: {
      pixels: 'bytes',
      batchSize: 64,
      model: { condition: 'projection' },
      training: {
        clipNorm: null,
        schedule: { kind: 'linear', learningRate: 1e-3, decayOver: 0.5, finalFraction: 0.02 },
      },
    },
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
      model: {
        channels: [48, 96],
        attention: [1],
        patch: 2,
        prediction: 'velocity',
        variance: 'learned',
        conditional: true,
      },
      training: { clipNorm: 1, average: { decay: 0.995 }, schedule: schedule(1.5e-3) },
    },
  },
];
