import { expect, it } from 'vitest';
import { exactDensityLaws } from '../../sampling/exact-density.test-helper.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { rasterLaws, seesAllAbove } from '../../nn/raster/raster.test-helper.js';
import { definition, pixelCnnRaster } from './pixel-cnn.js';

const config = { conditional: false, width: 4, blocks: 2, kernel: 5, hidden: 8 };
const data = (channels: number, side: number, levels: number) => ({
  channels,
  height: side,
  width: side,
  levels,
  classes: 0,
});

exactDensityLaws({ definition, config, data: data(1, 2, 2) });
exactDensityLaws({ definition, config, data: { channels: 3, height: 2, width: 2, levels: 2, classes: 0 } });
sequentialLaws({ definition, config, data: data(1, 5, 2) });
sequentialLaws({
  definition,
  config: { ...config, conditional: true },
  data: { channels: 3, height: 4, width: 5, levels: 7, classes: 2 },
});

for (const grid of [
  { channels: 1, height: 4, width: 4, levels: 2 },
  { channels: 3, height: 3, width: 3, levels: 5 },
])
  rasterLaws('PixelCNN', pixelCnnRaster(config, grid), grid);

it('PixelCNN has the blind spot at the right that the gated one was made for', async () => {
  const square = { channels: 1, height: 5, width: 5, levels: 2 };
  const deep = pixelCnnRaster({ ...config, kernel: 3, blocks: 8 }, square);
  expect(await seesAllAbove(deep, square)).toBe(false);
});
