/**
 * A GPT training step in TensorFlow.js on its WebAssembly backend, to be measured beside Descent's: the model of
 * ../gpt_torch.py in tf operations, gradients by tf.variableGrads, tf.train.adam (it has no decoupled weight decay).
 * Speaks the same JSON lines as torch_steps.py. Its packages are its own: npm install --prefix bench/peers/tfjs
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths, getThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { answerWork, peerConfig } from '../answer.ts';

const require = createRequire(import.meta.url);
const config = peerConfig();
const { vocab, context, width, layers, heads, batch } = config;
const headWidth = width / heads;

const normal = (shape, std = 0.02) => tf.variable(tf.randomNormal(shape, 0, std, 'float32', 1));
const dense = (inputs, outputs, std = 0.02) => ({
  weight: normal([inputs, outputs], std),
  bias: tf.variable(tf.zeros([outputs])),
});
const norm = () => ({ weight: tf.variable(tf.ones([width])), bias: tf.variable(tf.zeros([width])) });

function createModel() {
  const residual = 0.02 / Math.sqrt(2 * layers);
  const blocks = Array.from({ length: layers }, () => ({
    norm1: norm(),
    qkv: dense(width, 3 * width),
    project: dense(width, width, residual),
    norm2: norm(),
    up: dense(width, 4 * width),
    down: dense(4 * width, width, residual),
  }));
  return { tokens: normal([vocab, width]), positions: normal([context, width]), blocks, norm: norm() };
}

function layerNorm(x, { weight, bias }) {
  const centered = x.sub(x.mean(-1, true));
  return centered.mul(centered.square().mean(-1, true).add(1e-5).rsqrt()).mul(weight).add(bias);
}

/**
 * x [n, i] times w [i, o]. The backend's matrix product is ten times slower with a transposed operand, and the
 * gradient that comes with tf.matMul asks for two of those; transposing first keeps the peer at its best.
 */
const multiply = tf.customGrad((x, w, save) => {
  save([x, w]);
  const gradient = (dy, saved) => {
    const [savedLeft, savedRight] = saved;
    return [tf.matMul(dy, tf.transpose(savedRight)), tf.matMul(tf.transpose(savedLeft), dy)];
  };
  return { value: tf.matMul(x, w), gradFunc: gradient };
});

const linear = (x, { weight, bias }) => multiply(x, weight).add(bias);

function gelu(x) {
  const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(0.5).mul(inner.tanh().add(1));
}

function attention(x, block, mask) {
  const parts = tf.split(linear(x, block.qkv), 3, -1);
  const [query, key, value] = parts.map((part) =>
    part.reshape([batch, context, heads, headWidth]).transpose([0, 2, 1, 3]),
  );
  const scores = tf
    .matMul(query, key, false, true)
    .mul(1 / Math.sqrt(headWidth))
    .add(mask);
  const mixed = tf.matMul(tf.softmax(scores), value).transpose([0, 2, 1, 3]);
  return linear(mixed.reshape([batch * context, width]), block.project);
}

function loss(model, inputs, targets, mask) {
  // The backend has no kernel for the gradient of a gather; with this few tokens a product with one-hot rows is faster.
  let x = multiply(inputs, model.tokens).reshape([batch, context, width]).add(model.positions);
  x = x.reshape([batch * context, width]);
  for (const block of model.blocks) {
    x = x.add(attention(layerNorm(x, block.norm1), block, mask));
    x = x.add(linear(gelu(linear(layerNorm(x, block.norm2), block.up)), block.down));
  }
  const logits = multiply(layerNorm(x, model.norm), tf.transpose(model.tokens));
  return tf.logSoftmax(logits).mul(targets).sum(-1).mean().neg().asScalar();
}

setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out/'));
setThreadsCount(config.threads);
await tf.setBackend('wasm');
await tf.ready();

/** One row per token, one-hot; `offset` 1 gives the targets. (Asking oneHot for float32 returns garbage.) */
function oneHotRows(offset) {
  const at = (i) => Math.floor(i / context) * (context + 1) + (i % context) + offset;
  const ids = Array.from({ length: batch * context }, (_, i) => config.tokens[at(i)]);
  return tf.oneHot(tf.tensor1d(ids, 'int32'), vocab).toFloat();
}

const model = createModel();
const parameters = Object.values(tf.engine().state.registeredVariables).reduce((sum, { size }) => sum + size, 0);
const [inputs, targets] = [oneHotRows(0), oneHotRows(1)];
const mask = tf.tidy(() =>
  tf.linalg
    .bandPart(tf.ones([context, context]), -1, 0)
    .sub(1)
    .mul(1e9),
);
const optimizer = tf.train.adam(config.learningRate, 0.9, 0.95, 1e-8);

function step() {
  const value = tf.tidy(() => {
    const result = tf.variableGrads(() => loss(model, inputs, targets, mask));
    optimizer.applyGradients(Object.entries(result.grads).map(([name, tensor]) => ({ name, tensor })));
    return result.value;
  });
  const [number] = value.dataSync();
  value.dispose();
  return number;
}

await answerWork(
  {
    version: tf.version.tfjs,
    parameters,
    simd: await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'),
    threads: getThreadsCount(),
  },
  step,
);
