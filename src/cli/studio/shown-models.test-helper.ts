import { commandIn } from '../descent.test-helper.js';

/** What the Studio is shown and tried with: an image model for each of its tools, and a quickstart, made by the commands. */

const settings = {
  vae: {},
  ddpm: {
    'model.patch': '2',
    'model.channels': '[24,48]',
    'model.attention': '[1]',
    'model.conditional': 'true',
    'model.drawingSteps': '10',
  },
  'gated-pixel-cnn': { 'model.layers': '3', 'model.width': '12', 'model.hidden': '24' },
  'style-gan': { 'model.width': '8', 'model.mappingLayers': '2' },
  mae: { 'model.layers': '2', 'model.width': '64' },
  'sr-flow': {
    'model.factor': '2',
    'model.steps': '4',
    'model.width': '24',
    'model.features': '16',
    'model.blocks': '1',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
export type ShownModel = keyof typeof settings;

export interface ShownImageModels {
  /** Where commands run: models lie in `runs` below it. */
  readonly folder: string;
  /** What they learn from, as commands take it. */
  readonly data: string;
  readonly batchSize: number;
  readonly steps: (model: ShownModel) => number;
  readonly say?: (text: string) => void;
}

/** Trains them one after the other; what is finished is kept. */
export async function trainImageModels({ folder, data, batchSize, steps, say }: ShownImageModels): Promise<void> {
  const { json } = commandIn(() => folder);
  for (const [name, own] of Object.entries(settings) as [ShownModel, Readonly<Record<string, string>>][]) {
    say?.(`Training ${name}`);
    const count = steps(name);
    const shared = {
      data,
      out: `runs/${name}`,
      batchSize: String(batchSize),
      evaluationImages: String(2 * batchSize),
      'training.steps': String(count),
      'training.evaluateEvery': String(Math.ceil(count / 4)),
      'training.sampleEvery': String(Math.ceil(count / 4)),
    };
    await json('train', name, ...Object.entries({ ...shared, ...own }).flatMap(([key, value]) => [`--${key}`, value]));
  }
}

/** The quickstart as it comes, in about three minutes. */
export async function runQuickstart({ folder, say }: Pick<ShownImageModels, 'folder' | 'say'>): Promise<void> {
  say?.('Running the quickstart');
  await commandIn(() => folder).json('quickstart', '--out', 'runs/quickstart');
}
