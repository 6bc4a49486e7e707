import type { Message } from '../../tokenizer/chat.js';
import type { FormSummary, FormView, LaunchRequest } from './wire.js';

/** What the Studio is given by who starts it: it knows no commands and no models of its own. */
export interface StudioContext {
  /** The folder of the runs; what people say is kept in `studio/` below it. */
  readonly runs: string;
  /** The command that starts Descent, to which words are added. */
  readonly program: readonly [file: string, ...words: string[]];
  /** Where commands run: relative paths are from here. */
  readonly cwd: string;
  readonly forms: FormSource;
  /** Samples answers to one dialogue. The first is of this seed, the others of those after it. */
  readonly answer: (request: AnswerRequest) => Promise<readonly string[]>;
}

/** The commands that can be started, as forms. */
export interface FormSource {
  list(): Promise<readonly FormSummary[]>;
  /** @throws ConfigError when there is no such command */
  form(command: string): Promise<FormView>;
  /** A filled-in form as words. @throws ConfigError naming every field that is wrong */
  words(request: LaunchRequest): Promise<readonly string[]>;
}

export interface AnswerRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly count: number;
  readonly seed: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly signal?: AbortSignal;
}
