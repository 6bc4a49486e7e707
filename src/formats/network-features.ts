import { resample } from '../data/images/resample.js';
import type { Features } from '../nn/image-model.js';
import type { ParameterSpec } from '../nn/parameters.js';
import { type Tensor, concat, constant, matmul, mean, transpose } from '../tensor/index.js';
import { readTensorflowGraph } from './tensorflow-graph.js';

/**
 * Features of pictures of things: the backbone of a detector trained on COCO (MobileNetV3 under CenterNet, the folder
 * of `centernet.json` and its weights), its last 480 channels averaged over the picture.
 */
export interface NetworkFeatures {
  readonly name: string;
  /** Of its weights. */
  readonly hash: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly values: Readonly<Record<string, Float32Array>>;
  /** Of images of 0 to 255, grey or colour, of any size. */
  readonly features: Features;
}

const side = 128;
const channels = 480;

/** @throws FormatError naming the file and what is wrong with it */
export async function readNetworkFeatures(folder: string): Promise<NetworkFeatures> {
  const graph = await readTensorflowGraph(folder, 'tower_0/extern1/BatchNorm/FusedBatchNorm');
  return {
    name: 'centernet-mobilenetv3',
    hash: graph.hash,
    parameters: graph.parameters,
    values: graph.values,
    features: {
      size: channels,
      of: (parameters: Readonly<Record<string, Tensor>>, { images }) => {
        const colour = images.shape[1] === 1 ? concat([images, images, images], 1) : images;
        return mean(graph.run(parameters, resized(colour)), { axes: [2, 3] });
      },
    },
  };
}

/** To the network's size, each pixel shrunk from all that it covers: skipping some is what makes such distances lie. */
function resized(images: Tensor): Tensor {
  const [height, width] = [images.shape[2]!, images.shape[3]!];
  const across = matmul(images, transpose(weights(width), [1, 0]));
  return matmul(weights(height), across);
}

/** [side, from]: what each new line is made of; an image of a single lit line each, resized, shows it. */
function weights(from: number): Tensor {
  const lines = Float64Array.from({ length: from * from }, (_, at) => (at % (from + 1) === 0 ? 1 : 0));
  const shape = { channels: 1, height: from, width: from };
  const table = resample(lines, shape, { height: side, width: from }, 'bilinear');
  return constant(Float32Array.from(table), [side, from]);
}
