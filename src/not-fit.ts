/** A server is not set up so that it can be trusted with work. The message says what to change. */
export class NotFit extends Error {
  override readonly name = "NotFit";
  /** Handled like an absent server: no work uses an attempt (`3F000` is invalid_schema_name). */
  readonly code = "3F000";
}

/** The NotFit under the wrappers of the drivers, if there is one. */
export function notFitIn(error: unknown): NotFit | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof NotFit) return cause;
  }
  return null;
}
