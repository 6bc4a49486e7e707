import { assignmentLoss } from '../../nn/assignment.js';
import { clusterSums, kMeans, nearest } from '../../nn/clusters.js';
import { type ParameterSpec, type TensorsOf, normal, parameter } from '../../nn/parameters.js';
import {
  Draws,
  type Tensor,
  add,
  cast,
  div,
  exp,
  expandDims,
  floor,
  full,
  gather,
  less,
  log,
  maximum,
  mul,
  neg,
  ones,
  scatterAdd,
  sum,
  where,
  zeros,
} from '../../tensor/index.js';

/**
 * A codebook whose entries are moving averages of the vectors that fell to them (van den Oord et al. 2017, appendix A.1):
 * it keeps the averages of their number and of their sum. Entries that hardly anything falls to begin again as vectors of
 * the batch (Dhariwal et al. 2020, Jukebox, section 3.2).
 */

export interface CodebookSpec {
  /** [codes] */
  readonly counts: ParameterSpec;
  /** [codes, size] */
  readonly sums: ParameterSpec;
}

export type CodebookParameters = TensorsOf<CodebookSpec>;

/** A code is its sum over its count: drawn from a normal distribution at first. */
export const codebookSpec = (codes: number, size: number): CodebookSpec => ({
  counts: parameter([codes], { init: { kind: 'ones' } }),
  sums: parameter([codes, size], { init: normal(1), decay: false }),
});

/** [codes, size] */
export const entriesOf = ({ counts, sums }: CodebookParameters): Tensor =>
  div(sums, expandDims(maximum(counts, 1e-6), 1));

/** The entries as k-means finds them in vectors [N, size]; each stands for its share of the vectors. */
export function startCodebook(p: CodebookParameters, vectors: Tensor, key: Tensor): Tensor {
  const [codes] = p.sums.shape as [number, number];
  const centres = kMeans(vectors, codes, { key });
  const evenly = vectors.shape[0]! / codes;
  return assignmentLoss([
    { parameter: p.sums, value: mul(centres, evenly) },
    { parameter: p.counts, value: full([codes], evenly) },
  ]);
}

export interface CodebookUpdate {
  /** Share of the averages that a step keeps. */
  readonly decay: number;
  /** An entry is dead below this share of even use. */
  readonly restartBelow: number;
}

/** Moves the averages towards the vectors [N, size], and lets dead entries begin again. */
export function updateCodebook(
  p: CodebookParameters,
  vectors: Tensor,
  key: Tensor,
  { decay, restartBelow }: CodebookUpdate,
): { loss: Tensor; restarted: Tensor } {
  const [codes] = p.sums.shape as [number, number];
  const found = clusterSums(vectors, nearest(vectors, entriesOf(p)), codes);
  const counts = add(mul(p.counts, decay), mul(found.counts, 1 - decay));
  const sums = add(mul(p.sums, decay), mul(found.sums, 1 - decay));
  const evenly = vectors.shape[0]! / codes;
  const isDead = less(counts, restartBelow * evenly);
  const chosen = cast(floor(mul(new Draws(key).uniform([codes]), vectors.shape[0]!)), 'int32');
  // With the weight of an entry in even use it has some time to prove itself.
  const fresh = mul(gather(vectors, chosen), evenly);
  return {
    loss: assignmentLoss([
      { parameter: p.counts, value: where(isDead, evenly, counts) },
      { parameter: p.sums, value: where(expandDims(isDead, 1), fresh, sums) },
    ]),
    restarted: sum(cast(isDead, 'float32')),
  };
}

/** exp of the entropy of how often each code is used, int32 [N] → a number up to `codes`: how many are in real use. */
export function perplexity(members: Tensor, codes: number): Tensor {
  const counts = scatterAdd(zeros([codes]), members, ones([members.size]));
  const shares = mul(counts, 1 / members.size);
  return exp(neg(sum(mul(shares, log(maximum(shares, 1e-10))))));
}
