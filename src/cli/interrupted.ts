import { DescentError } from '../errors.js';

/** Training was stopped on request; what it had done is on disk, and the same command goes on from there. */
export class InterruptedError extends DescentError {
  override readonly name = 'InterruptedError';
}
