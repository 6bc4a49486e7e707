/** What ONNX Runtime itself reaches on one float32 matrix product, 1024 cubed: the yardstick for a training step. */
import * as ort from 'onnxruntime-node';
import { Emitter } from '../../src/runtime/onnx/emitter.js';
import { answerWork, peerConfig } from './answer.js';

const size = 1024;
const { threads } = peerConfig();
const emitter = new Emitter();
const spec = { dtype: 'float32', shape: [size, size] } as const;
const [left, right] = [emitter.input(spec), emitter.input(spec)];
const product = emitter.output(emitter.node('MatMul', [left, right]), spec);
const session = await ort.InferenceSession.create(emitter.model(), { intraOpNumThreads: threads });

const matrix = () => new ort.Tensor('float32', Float32Array.from({ length: size * size }, Math.random), [size, size]);
const feeds = { [left]: matrix(), [right]: matrix() };
const fetches = { [product]: matrix() };

await answerWork({ flops: 2 * size ** 3, threads }, async () => {
  await session.run(feeds, fetches);
  return NaN;
});
