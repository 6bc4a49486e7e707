import { z } from 'zod';
import { centred, normalLogProb, perRow } from '../../nn/distributions.js';
import { type ImageModel, type ImageTensors, defineImageModel } from '../../nn/image-model.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { inverseAutoregressive } from '../../nn/transforms/autoregressive.js';
import { denseConditioner } from '../../nn/transforms/conditioners.js';
import { coupling } from '../../nn/transforms/coupling.js';
import { flowLogProb } from '../../nn/transforms/flow.js';
import { invertibleLinear } from '../../nn/transforms/linear.js';
import { reversal } from '../../nn/transforms/shapes.js';
import { sequence } from '../../nn/transforms/transform.js';
import { Draws, type Tensor, add, clip, exp, mean, mul, reshape, split, sub, zeros } from '../../tensor/index.js';
import { copiesOf, importanceEstimate } from './importance.js';
import { likelihoodOf } from '../../nn/likelihood.js';
import { networks } from './vae-networks.js';
import { vaeSchema } from './vae.js';

/**
 * The VAE with flows at both ends of its code: a posterior bent by inverse autoregressive steps (Kingma et al. 2016),
 * and a prior that is a flow of couplings (Chen et al. 2017) in place of the standard normal one.
 */

const { network, layers, likelihood, beta } = vaeSchema.shape;

export const vaeFlowSchema = z.strictObject({
  network,
  width: vaeSchema.shape.width,
  layers,
  latents: vaeSchema.shape.latents,
  likelihood,
  beta,
  context: z.int().positive().default(64).describe('numbers of the image that the steps of the posterior see'),
  posteriorSteps: z.int().min(0).default(2).describe('inverse autoregressive steps of the posterior; 0: a Gaussian'),
  priorSteps: z.int().min(0).default(4).describe('rotations and couplings of the prior; 0: standard normal'),
  flowWidth: z.int().positive().default(128).describe("units of a hidden layer of the flows' networks"),
});

/** A code of each image, and how probable its making was. */
interface Drawn {
  readonly code: Tensor;
  /** log q(code | image), [B] */
  readonly logProposal: Tensor;
}

export const definition = defineImageModel({
  name: 'vae-flow',
  title: 'variational auto-encoder with flows for posterior and prior',
  source: 'Kingma et al. 2016, arXiv:1606.04934; Chen et al. 2017, arXiv:1611.02731',
  schema: vaeFlowSchema,
  pixels: 'dynamic',
  tiny: { side: 1, config: { width: 8, latents: 2, context: 4, flowWidth: 8, posteriorSteps: 2, priorSteps: 2 } },
  build: (config, data): ImageModel => {
    const { latents, context, flowWidth } = config;
    const { levels, channels } = data;
    const pixels = likelihoodOf(config, levels, channels);
    const net = networks(config, data, {
      outputs: 2 * latents + context,
      inputs: latents,
      perPixel: pixels.perPixel,
    });
    const steps = <Step>(count: number, make: (index: number) => Step[]): Step[] =>
      Array.from({ length: count }, (_, index) => make(index)).flat();
    const posterior = sequence(
      steps(config.posteriorSteps, (index) => [
        ...(index > 0 ? [reversal()] : []),
        inverseAutoregressive({ size: latents, width: flowWidth, depth: 1, vector: context, seed: index }),
      ]),
    );
    // From codes to standard normal numbers; at first a rotation, under which these stay what they are.
    const prior = sequence(
      steps(config.priorSteps, (index) => [
        invertibleLinear(latents, index),
        coupling(latents, { network: denseConditioner({ width: flowWidth }) }),
      ]),
    );
    const parameters = {
      networks: net.parameters,
      likelihood: pixels.parameters,
      posterior: posterior.parameters,
      prior: prior.parameters,
    };
    type Parameters = TensorsOf<typeof parameters>;

    /** The code that this noise [B, latents] becomes. */
    const propose = (p: Parameters, images: Tensor, noise: Tensor): Drawn => {
      const output = net.encode(p.networks, centred(images, levels));
      const [centre, rawDeviation, vector] = split(output, [latents, latents, context], 1) as [Tensor, Tensor, Tensor];
      const logDeviation = clip(rawDeviation, -6, 4);
      const bent = posterior.forward(p.posterior as never, add(centre, mul(exp(logDeviation), noise)), { vector });
      const density = sub(normalLogProb(noise, 0, 0), logDeviation);
      return { code: bent.z, logProposal: sub(perRow(density), bent.logDeterminant) };
    };

    /** log p(x | code), and log q(code | x) − log p(code), of one code for each image; both [B]. */
    const bound = (p: Parameters, { images, key }: Pick<ImageTensors, 'images' | 'key'>) => {
      const draws = new Draws(key);
      const { code, logProposal } = propose(p, images, draws.normal([images.shape[0]!, latents]));
      const output = net.decode(p.networks, code);
      return {
        reconstruction: perRow(pixels.logProb(p.likelihood, images, output, draws)),
        divergence: sub(logProposal, flowLogProb(prior, p.prior, code, {})),
      };
    };
    const decode = (p: Parameters, code: Tensor): Tensor => pixels.mean(net.decode(p.networks, code));

    return {
      parameters,
      dense: config.network === 'mlp',
      losses: [
        {
          name: 'vae-flow',
          loss: (p: Parameters, batch) => {
            const { reconstruction, divergence } = bound(p, batch);
            const [fit, cost] = [mean(reconstruction), mean(divergence)];
            return {
              loss: sub(mul(cost, config.beta), fit),
              metrics: { negativeElbo: sub(cost, fit), divergence: cost },
            };
          },
        },
      ],
      density: {
        kind: 'lower-bound',
        logProb: (p: Parameters, batch) => {
          const { reconstruction, divergence } = bound(p, batch);
          return sub(reconstruction, divergence);
        },
      },
      tighter: (count) =>
        importanceEstimate(count, (p: Parameters, { images, key }, draws) => {
          const { reconstruction, divergence } = bound(p, { images: copiesOf(images, draws), key });
          return reshape(sub(reconstruction, divergence), [draws, images.shape[0]!]);
        }),
      generative: {
        noise: { code: [latents] },
        sample: (p: Parameters, { noise }) => decode(p, prior.inverse(p.prior as never, noise['code']!, {})),
      },
      codec: {
        encode: (p: Parameters, { images }) => propose(p, images, zeros([images.shape[0]!, latents])).code,
        decode,
      },
    };
  },
});
