import {
  type Tensor,
  add,
  concat,
  crossEntropy,
  cast,
  neg,
  relu,
  reshape,
  sliceAxis,
  stack,
  sum,
  zeros,
} from '../../tensor/index.js';
import { bernoulliLogProb, centred } from '../distributions.js';
import { linear, linearSpec, scaledNormal } from '../layers.js';
import { normal } from '../parameters.js';
import type { Grid, Head } from './raster.js';

/** A perceptron of one hidden layer for each channel of a pixel, which sees the pixel's earlier channels too. */
export function categoricalHead(features: number, hidden: number, { channels, levels }: Grid) {
  // Of two values one logit is enough.
  const outputs = levels === 2 ? 1 : levels;
  const channelSpec = (channel: number) => ({
    hidden: linearSpec(features, hidden, { init: scaledNormal(features, Math.SQRT2) }),
    ...(channel > 0 && { earlier: linearSpec(channel, hidden, { init: normal(0.1), bias: false }) }),
    out: linearSpec(hidden, outputs, { init: normal(0.01) }),
  });
  const parameters = { channels: Array.from({ length: channels }, (_, channel) => channelSpec(channel)) };
  type HeadParameters = Parameters<Head<typeof parameters>['logits']>[0];
  const outputOf = (p: HeadParameters, x: Tensor, earlier: Tensor, channel: number): Tensor => {
    const own = p.channels[channel]!;
    const fromFeatures = linear(own.hidden, relu(x));
    const all = own.earlier ? add(fromFeatures, linear(own.earlier, centred(earlier, levels))) : fromFeatures;
    return linear(own.out, relu(all));
  };
  const head: Head<typeof parameters> = {
    parameters,
    logits: (p, x, earlier, channel) => {
      const output = outputOf(p, x, earlier, channel);
      return levels === 2 ? concat([zeros(output.shape), output], 1) : output;
    },
    logProb: (p, x, pixels) => {
      const column = (channel: number): Tensor =>
        reshape(sliceAxis(pixels, { axis: 1, start: channel, limit: channel + 1 }), [-1]);
      const each = Array.from({ length: channels }, (_, channel) => {
        const output = outputOf(p, x, sliceAxis(pixels, { axis: 1, limit: channel }), channel);
        return levels === 2
          ? bernoulliLogProb(column(channel), reshape(output, [-1]))
          : neg(crossEntropy(output, cast(column(channel), 'int32')));
      });
      return each.length === 1 ? each[0]! : sum(stack(each), { axes: 0 });
    },
  };
  return head;
}
