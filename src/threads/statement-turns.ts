/**
 * Lets one caller of this process at a time run large statements. Postgres cannot run a statement at a lower
 * priority, as threads can; so that other work is not kept waiting, large reads and writes are cut into
 * statements of about 10 ms, and one runs at a time.
 */
export type StatementTurns = {
  /**
   * Resolves when it is the caller's turn, in the order of asking; rejects if the signal has aborted by then.
   */
  take(signal: AbortSignal): Promise<StatementTurn>;
};

/** A turn ends when its owner ends it, and after 5 s at the latest. */
export type StatementTurn = { end(): void };

/**
 * A turn may be lost with the attempt that took it. No transaction lives longer than this, so nothing uses it
 * any more.
 */
const MAX_TURN_MS = 5_000;

export function openStatementTurns(): StatementTurns {
  let previous: Promise<unknown> = Promise.resolve();
  return {
    take(signal) {
      const taken = previous.then(() => {
        signal.throwIfAborted();
        return beginTurn();
      });
      previous = taken.then(
        ({ ended }) => ended,
        () => undefined,
      );
      return taken;
    },
  };
}

function beginTurn(): StatementTurn & { readonly ended: Promise<void> } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, MAX_TURN_MS).unref();
    end = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { end, ended };
}
