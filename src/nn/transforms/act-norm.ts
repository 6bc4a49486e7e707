import {
  type Tensor,
  add,
  exp,
  greater,
  log,
  mean,
  mul,
  neg,
  ones,
  reshape,
  standardDeviation,
  sub,
  sum,
  where,
} from '../../tensor/index.js';
import { parameter } from '../parameters.js';
import { type Transform, defineTransform, sameForAll } from './transform.js';

/** `value` from the first batch; what there is already, ever after. */
export const unlessInitialised = (flag: Tensor, now: Tensor, value: Tensor): Tensor =>
  where(greater(flag, 0.5), now, value);

/**
 * A scale and a shift for each channel of [B, C, …] that give the first batch mean 0 and deviation 1 (Kingma & Dhariwal
 * 2018, Glow, section 3.1). The flag `initialised` is a parameter, so a saved model is not initialised again.
 */
export const actNorm = (channels: number): Transform =>
  defineTransform({
    parameters: {
      fitted: { shift: parameter([channels]), logScale: parameter([channels]), initialised: parameter([1]) },
    },
    kind: 'exact',
    forward: ({ fitted: { shift, logScale } }, x) => {
      const positions = x.size / (x.shape[0]! * channels);
      const z = mul(add(x, perChannel(shift, x)), perChannel(exp(logScale), x));
      return { z, logDeterminant: sameForAll(mul(sum(logScale), positions), x) };
    },
    inverse: ({ fitted: { shift, logScale } }, z) =>
      sub(mul(z, perChannel(exp(neg(logScale)), z)), perChannel(shift, z)),
    fit: ({ fitted }, x) => {
      const axes = [...x.shape.keys()].filter((axis) => axis !== 1);
      const keep = (now: Tensor, value: Tensor): Tensor => unlessInitialised(fitted.initialised, now, value);
      const shift = keep(fitted.shift, neg(mean(x, { axes })));
      const logScale = keep(fitted.logScale, neg(log(add(standardDeviation(x, { axes }), 1e-6))));
      return {
        z: mul(add(x, perChannel(shift, x)), perChannel(exp(logScale), x)),
        assigned: [
          { parameter: fitted.shift, value: shift },
          { parameter: fitted.logScale, value: logScale },
          { parameter: fitted.initialised, value: ones([1]) },
        ],
      };
    },
  });

const perChannel = (values: Tensor, x: Tensor): Tensor =>
  reshape(values, [1, values.size, ...x.shape.slice(2).map(() => 1)]);
