/** What the Studio's page and its server tell each other. Types alone: the page imports them too. */
import type { RunState } from '../../training/run-folder.js';
import type { LogUpdate } from './run-log.js';

/** A run, or a process that makes some (a recipe, a quickstart). */
export interface RunView {
  /** Its folder below that of the runs, with forward slashes. */
  readonly id: string;
  readonly state: RunState | undefined;
  /** Of one that was started here. */
  readonly launch?: LaunchView;
  /** Whether it logs figures. */
  readonly hasLog: boolean;
  /** Whether it has finished a model. */
  readonly hasModel: boolean;
  /** Whether there is a report.html. */
  readonly hasReport: boolean;
  readonly progress?: RunProgress;
}

/** How far a run that logs is. */
export interface RunProgress {
  readonly step: number;
  readonly steps?: number;
  readonly loss?: number;
  /** Tokens, images or examples a second. */
  readonly rate?: number;
  /** Training time so far. */
  readonly seconds: number;
  readonly secondsLeft?: number;
}

/** A command that was started here. */
export interface LaunchView {
  readonly words: readonly string[];
  /** The form that the words were made of. */
  readonly request: LaunchRequest;
  readonly startedAt: string;
  readonly status: 'running' | 'ended';
  /** Once it has ended by itself: 0 for success, 130 for stopped. */
  readonly exitCode?: number;
}

/** Sent whenever something about the watched runs changes. */
export interface LogEvent {
  readonly run: string;
  readonly update: LogUpdate;
  readonly progress?: RunProgress;
}

/** A sample of a run, as its log has it. */
export interface SampleView {
  readonly step: number;
  readonly samples: unknown;
}

/** JSON Schema as far as forms need it. */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly anyOf?: readonly SettingSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: SettingSchema;
}

export interface FlagView {
  /** As it is written: `--out`. */
  readonly name: string;
  readonly summary: string;
  readonly kind: 'switch' | 'text' | 'list';
  readonly required: boolean;
  readonly default?: unknown;
  readonly choices?: readonly string[];
}

/** A command that a form can start. */
export interface FormSummary {
  /** Words: `train vae`. */
  readonly command: string;
  readonly summary: string;
  readonly group: 'text' | 'images' | 'recipes';
}

export interface FormView extends FormSummary {
  readonly details: string;
  readonly positional: readonly {
    readonly name: string;
    readonly summary: string;
    readonly required: boolean;
    readonly choices?: readonly string[];
  }[];
  readonly flags: readonly FlagView[];
  /** Of a command with settings: what z.toJSONSchema says of them. */
  readonly settings?: SettingSchema;
}

/** A filled-in form. */
export interface LaunchRequest {
  readonly command: string;
  readonly positional: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** Dotted keys. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface ErrorView {
  readonly error: { readonly message: string; readonly advice?: string };
}
