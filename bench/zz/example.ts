import { gpt } from '../../src/families/autoregressive/gpt.js';
import { Engine } from '../../src/runtime/engine.js';
import { matmul, mean, mul, sub, valueAndGrad } from '../../src/tensor/index.js';

const engine = await Engine.create();
const parameters = { weight: { shape: [2, 1], dtype: 'float32' } } as const;
const batch = { x: { shape: [4, 2], dtype: 'float32' }, y: { shape: [4, 1], dtype: 'float32' } } as const;
const program = await engine.compile(
  ({ parameters, batch }) =>
    valueAndGrad((p: typeof parameters) => {
      const error = sub(matmul(batch.x, p.weight), batch.y);
      return mean(mul(error, error));
    })(parameters),
  { parameters, batch },
);
const out = await program.run({
  parameters: { weight: Float32Array.of(0, 0) },
  batch: { x: Float32Array.of(1, 0, 0, 1, 1, 1, 2, 1), y: Float32Array.of(1, 2, 3, 4) },
});
console.log(out, gpt.length);
await engine.dispose();
