import { exactDensityLaws } from '../../sampling/exact-density.test-helper.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { rasterLaws } from '../../nn/raster/raster.test-helper.js';
import { definition, pixelCnnPlusPlusRaster } from './pixel-cnn-plus-plus.js';

const config = { width: 4, blocks: 2, mixtures: 3 };

exactDensityLaws({ definition, config, data: { channels: 1, height: 2, width: 2, levels: 3, classes: 0 } });
exactDensityLaws({ definition, config, data: { channels: 3, height: 1, width: 2, levels: 3, classes: 0 } });
sequentialLaws({ definition, config, data: { channels: 1, height: 5, width: 4, levels: 2, classes: 0 } });
sequentialLaws({
  definition,
  config: { ...config, conditional: true },
  data: { channels: 3, height: 4, width: 5, levels: 7, classes: 2 },
});

const full = { ...config, dropout: 0.5, conditional: false };
for (const grid of [
  { channels: 1, height: 4, width: 4, levels: 2 },
  { channels: 3, height: 3, width: 3, levels: 5 },
])
  rasterLaws('PixelCNN++', pixelCnnPlusPlusRaster(full, grid), grid);
