import { ConfigError, DataError, DescentError, FormatError } from '../errors.js';

export interface ApiErrorOptions {
  /** The field that is at fault. */
  readonly param?: string;
  readonly code?: string;
  /** Seconds after which it is worth asking again. Without it, an error of the server says that it is not. */
  readonly retryAfter?: number;
  readonly advice?: string;
  readonly cause?: unknown;
}

export type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 429 | 500 | 503;

const types: Partial<Record<ErrorStatus, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  500: 'server_error',
  503: 'server_error',
};

/** A request that cannot be answered: becomes a response of this status, or an event in a stream under way. */
export class ApiError extends DescentError {
  override readonly name = 'ApiError';
  readonly status: ErrorStatus;
  readonly param: string | null;
  readonly code: string | null;
  readonly retryAfter: number | undefined;

  constructor(status: ErrorStatus, message: string, options: ApiErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.param = options.param ?? null;
    this.code = options.code ?? null;
    this.retryAfter = options.retryAfter;
  }

  /** As clients of OpenAI's API read it. */
  get body(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    const message = [this.message, this.advice].filter((part) => part !== undefined).join(' ');
    return {
      error: { message, type: types[this.status] ?? 'invalid_request_error', param: this.param, code: this.code },
    };
  }

  get headers(): Record<string, string> {
    if (this.retryAfter !== undefined) return { 'retry-after': String(Math.ceil(this.retryAfter)) };
    return this.status >= 500 ? { 'x-should-retry': 'false' } : {};
  }
}

/** A field that cannot be taken as it is. */
export const refusal = (param: string, message: string, options: ApiErrorOptions = {}): ApiError =>
  new ApiError(400, message, { param, ...options });

/** Any error as one for the client: what the request brought about is told, what went wrong inside is not. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ConfigError || error instanceof DataError) return like(400, error);
  if (error instanceof FormatError) return like(500, error);
  return new ApiError(500, 'Something went wrong in the server; its log says what.', { cause: error });
}

const like = (status: ErrorStatus, cause: DescentError): ApiError =>
  new ApiError(status, cause.message, { cause, ...(cause.advice !== undefined && { advice: cause.advice }) });
