import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ImageSet } from '../data/images/image-set.js';
import { extractorOf } from '../evaluation/extractor.js';
import { parameterCount, leavesOf } from '../nn/parameters.js';
import { Engine } from '../runtime/engine.js';
import { hasSharedData } from '../data/fixtures.test-helper.js';
import golden from './golden/network-features.json' with { type: 'json' };
import { readNetworkFeatures } from './network-features.js';
import { readTensorflowGraph } from './tensorflow-graph.js';

const folder = fileURLToPath(new URL('../../../shared/data/weights-centernet-mobilenetv3', import.meta.url));

/** As in golden/network-features.py. */
function picture([channels, height, width]: readonly [number, number, number]): ImageSet {
  const pixels = new Uint8Array(channels * height * width);
  for (let c = 0, at = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        const waves = Math.sin(y * 0.35 + c) * Math.cos(x * 0.21 - c * 2) + Math.sin((x + 2 * y) * 0.05);
        pixels[at] = Math.round(127.5 + 60 * waves);
      }
    }
  }
  return { name: 'waves', count: 1, channels, height, width, pixels };
}

describe.skipIf(!hasSharedData('weights-centernet-mobilenetv3'))('features of the detector', () => {
  it("are PyTorch's on the same weights: as they are, enlarged from grey, and shrunk", async () => {
    const network = await readNetworkFeatures(folder);
    expect(parameterCount(network.parameters)).toBeGreaterThan(1e6);
    const engine = await Engine.create();
    try {
      const leaves = leavesOf(network.parameters);
      const weights = await engine.createStore({ leaves });
      await weights.write(network.values);
      const extractor = extractorOf({ ...network, engine, weights, pixels: 'bytes' });
      expect(extractor.id).toEqual({ name: 'centernet-mobilenetv3', hash: '1b635a15009071f5', features: 480 });
      for (const { shape, features } of golden) {
        const { values } = await extractor.extract(picture(shape as [number, number, number]));
        const worst = features.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
        expect(worst).toBeLessThan(2e-4);
      }
    } finally {
      await engine.dispose();
    }
  });

  it('says what it does not find', async () => {
    await expect(readTensorflowGraph(folder, 'nowhere')).rejects.toThrow(/no node 'nowhere'/);
    await expect(readTensorflowGraph('/nowhere', 'x')).rejects.toThrow(/\/nowhere cannot be read/);
  });
});
