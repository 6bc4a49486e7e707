import { describe, expect, it } from 'vitest';
import * as descent from './index.js';
import { Engine, gpt, matmul, mean, mul, parameterCount, sub, valueAndGrad } from './index.js';

describe('the library', () => {
  it('runs the example of the README', async () => {
    const engine = await Engine.create();
    const program = await engine.compile(
      ({ parameters, batch }) =>
        valueAndGrad((p: typeof parameters) => {
          const error = sub(matmul(batch.x, p.weight), batch.y);
          return mean(mul(error, error));
        })(parameters),
      {
        parameters: { weight: { shape: [2, 1], dtype: 'float32' } },
        batch: { x: { shape: [4, 2], dtype: 'float32' }, y: { shape: [4, 1], dtype: 'float32' } },
      },
    );
    const { value, gradients } = (await program.run({
      parameters: { weight: Float32Array.of(0, 0) },
      batch: { x: Float32Array.of(1, 0, 0, 1, 1, 1, 2, 1), y: Float32Array.of(1, 2, 3, 4) },
    })) as { value: Float32Array; gradients: { weight: Float32Array } };
    await engine.dispose();
    expect([...value]).toEqual([7.5]);
    expect([...gradients.weight]).toEqual([-6, -4.5]);
  });

  it('has every part of the story', () => {
    const parts = ['trainTokenizer', 'randomWindows', 'gpt', 'train', 'createGenerator', 'createPpo', 'saveModel'];
    for (const part of parts) expect(descent).toHaveProperty(part);
    expect(parameterCount(gpt(descent.gptPresets.gpt2).parameters)).toBe(124_439_808);
  });
});
