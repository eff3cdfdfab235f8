/** Postgres or Redis is not set up as the service needs it. The message says what to change. */
export class UnsuitableServer extends Error {
  override readonly name = "UnsuitableServer";
  /** Handled like an absent server: no work uses an attempt (`3F000` is invalid_schema_name). */
  readonly code = "3F000";
}

/** The UnsuitableServer under the wrappers of the drivers, if there is one. */
export function unsuitableServerIn(error: unknown): UnsuitableServer | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof UnsuitableServer) return cause;
  }
  return null;
}
