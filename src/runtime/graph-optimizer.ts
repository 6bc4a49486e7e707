import { add, and, div, equal, less, minimum, mul, sqrt, square, sub, where } from '../tensor/elementwise.js';
import type { Tensor } from '../tensor/graph.js';
import type { TensorSpec } from '../tensor/primitives.js';
import { sum } from '../tensor/structure.js';
import type { Engine, Store } from './engine.js';
import { type OptimizerConfig, optimizerPass } from './optimizer-config.js';

export interface GraphOptimizerOptions {
  store: Store;
  optimizer: OptimizerConfig;
  clipNorm?: number;
  trained: readonly string[];
  specs: ReadonlyMap<string, TensorSpec>;
}

type Leaves = Record<string, Tensor>;
const scalarSpec: TensorSpec = { shape: [], dtype: 'float32' };
const numbers = ['rate', 'keep', 'l2', 'rootScale'] as const;

/** The optimizer as a program, for devices whose memory the kernels cannot reach. */
export async function createGraphOptimizer(engine: Engine, options: GraphOptimizerOptions) {
  const { store, optimizer, clipNorm, trained, specs } = options;
  const tree = Object.fromEntries(
    trained.map((path) => [path, { shape: specs.get(path)!.shape, dtype: 'float32' as const }]),
  );
  const decays = new Map(store.leaves.map(({ path, decay }) => [path, decay ?? true]));

  const update = (args: {
    parameters: Leaves;
    gradients: Leaves;
    first: Leaves;
    second: Leaves;
    numbers: Record<(typeof numbers)[number], Tensor>;
  }) => {
    const { rate, keep, l2, rootScale } = args.numbers;
    const squares = trained.map((path) => sum(square(args.gradients[path]!)));
    const norm = sqrt(squares.reduce((total, next) => add(total, next)));
    // NaN is unequal to itself, and infinity is not less than the greatest float.
    const finite = and(equal(norm, norm), less(norm, 3e38));
    const clip = clipNorm === undefined ? 1 : minimum(div(clipNorm, add(norm, 1e-6)), 1);
    const result = { parameters: {} as Leaves, first: {} as Leaves, second: {} as Leaves, norm };
    for (const path of trained) {
      const [p, m, v] = [args.parameters[path]!, args.first[path]!, args.second[path]!];
      const scaled = mul(args.gradients[path]!, clip);
      const decay = decays.get(path) === true;
      const g = decay ? add(scaled, mul(p, l2)) : scaled;
      const kept = decay ? mul(p, keep) : p;
      const choose = (after: Tensor, before: Tensor): Tensor => where(finite, after, before);
      if (optimizer.kind === 'sgd') {
        const velocity = add(mul(m, optimizer.momentum), g);
        result.parameters[path] = choose(sub(p, mul(velocity, rate)), p);
        result.first[path] = optimizer.momentum === 0 ? m : choose(velocity, m);
        result.second[path] = v;
        continue;
      }
      const { beta1, beta2, epsilon } = optimizer;
      const first = add(mul(m, beta1), mul(g, 1 - beta1));
      const second = add(mul(v, beta2), mul(square(g), 1 - beta2));
      const spread = add(mul(sqrt(second), rootScale), epsilon);
      result.parameters[path] = choose(sub(kept, div(mul(first, rate), spread)), p);
      result.first[path] = choose(first, m);
      result.second[path] = choose(second, v);
    }
    return result;
  };
  const numberSpecs = Object.fromEntries(numbers.map((name) => [name, scalarSpec])) as Record<
    (typeof numbers)[number],
    TensorSpec
  >;
  const program = await engine.compile(
    update,
    { parameters: tree, gradients: tree, first: tree, second: tree, numbers: numberSpecs },
    { name: 'optimizer' },
  );

  const buffers = {
    parameters: store,
    first: { store, buffer: 'firstMoment' },
    second: { store, buffer: 'secondMoment' },
  } as const;
  return {
    compileSeconds: program.compileSeconds,
    async apply(step: { learningRate: number; step: number }): Promise<number> {
      const { pass, keep, l2 } = optimizerPass(optimizer, step);
      const rootScale = pass.kind === 'adam' ? pass.rootScale : 1;
      const values = { rate: pass.rate, keep, l2, rootScale };
      const host = Object.fromEntries(numbers.map((name) => [name, Float32Array.of(values[name])]));
      const outcome = await program.run(
        { ...buffers, gradients: { store, buffer: 'gradients' }, numbers: host },
        { into: buffers },
      );
      return (outcome as { norm: Float32Array }).norm[0]!;
    },
    async addScratch(): Promise<void> {
      const addition = await engine.compile(
        (args: { gradients: Leaves; scratch: Leaves }) => ({
          gradients: Object.fromEntries(trained.map((path) => [path, add(args.gradients[path]!, args.scratch[path]!)])),
        }),
        { gradients: tree, scratch: tree },
        { name: 'gradient sum' },
      );
      const gradients = { store, buffer: 'gradients' } as const;
      await addition.run({ gradients, scratch: { store, buffer: 'scratch' } }, { into: { gradients } });
    },
    async averageInto(decay: number): Promise<void> {
      const move = await engine.compile(
        (args: { average: Leaves; parameters: Leaves; rest: Tensor }) => ({
          average: Object.fromEntries(
            trained.map((path) => {
              const old = args.average[path]!;
              return [path, add(old, mul(sub(args.parameters[path]!, old), args.rest))];
            }),
          ),
        }),
        { average: tree, parameters: tree, rest: scalarSpec },
        { name: 'average' },
      );
      const average = { store, buffer: 'average' } as const;
      await move.run({ average, parameters: store, rest: Float32Array.of(1 - decay) }, { into: { average } });
    },
  };
}
