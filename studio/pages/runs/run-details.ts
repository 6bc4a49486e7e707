import type { RunView } from '../../../src/serving/studio/wire.js';

/** A run with its settings, as the server tells. */
export type RunDetails = RunView & { readonly config: unknown; readonly environment: unknown };
