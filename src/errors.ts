/**
 * The root of every error that Descent throws on purpose. `message` says what is wrong and where;
 * `advice` says what to do about it. A command prints both and exits with a code other than 0.
 */
export class DescentError extends Error {
  override readonly name: string = 'DescentError';
  readonly advice: string | undefined;

  constructor(message: string, options: { advice?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.advice = options.advice;
  }
}

/** A shape, dtype or argument that an operation cannot take: names the op, the shapes and the user's line. */
export class ShapeError extends DescentError {
  override readonly name = 'ShapeError';
}

/** A setting that is impossible: names the key. */
export class ConfigError extends DescentError {
  override readonly name = 'ConfigError';
}

/** Data that cannot be used: names the file, the line and the field. */
export class DataError extends DescentError {
  override readonly name = 'DataError';
}

/** A file of Descent's own that is damaged, missing or of another version. */
export class FormatError extends DescentError {
  override readonly name = 'FormatError';
}

/** The engine could not compile or run a program. */
export class RuntimeError extends DescentError {
  override readonly name = 'RuntimeError';
}

/** Training left the rails: loss or gradients are no longer finite. */
export class DivergenceError extends DescentError {
  override readonly name = 'DivergenceError';
}

/** Figures that cannot stand side by side: names what differs between them. */
export class ComparisonError extends DescentError {
  override readonly name = 'ComparisonError';
}
