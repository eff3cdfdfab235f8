import { setTimeout as delay } from "node:timers/promises";
import { openProcessorLoad, type ProcessorLoad } from "./processor-load.ts";

/**
 * Lets one caller of this process at a time run large statements. Postgres cannot run a statement at a lower
 * priority, as threads can; so that other work is not kept waiting, while it wants the processors large reads
 * and writes are cut into statements of about 10 ms, and each is followed by a rest.
 */
export type StatementTurns = {
  /**
   * Resolves when it is the caller's turn, first come, first served. Rejects then if the signal has aborted.
   *
   * @param signal of the attempt; the turn ends when it aborts.
   */
  take(signal: AbortSignal): Promise<StatementTurn>;
  /** Whether other work wants the processors: then statements should take about 10 ms. */
  isCrowded(): boolean;
};

/** A turn ends when its owner ends it, when its attempt ends, and after 5 s at the latest. */
export type StatementTurn = {
  /**
   * Call between two statements: pauses while other work wants the processors. Rejects if the signal
   * aborts.
   */
  pause(signal: AbortSignal): Promise<void>;
  /** The next turn begins after the rest that is still owed. */
  end(): void;
};

/**
 * Under contention, statements run 1/5 of the time. Shorter still delays other work; longer only slows the
 * run.
 */
const REST_PER_STATEMENT = 4;
/** Limits a rest inside a transaction; what is left of it follows the turn. */
const MAX_PAUSE_MS = 100;
const MAX_REST_MS = 2_000;
/** No transaction lives longer than this, so nothing uses the turn any more. */
const MAX_TURN_MS = 5_000;
/** After this long without a turn, the processors are sampled again. */
const FORGET_LOAD_MS = 10_000;

type Machine = {
  readonly load: ProcessorLoad;
  now(): number;
  rest(ms: number, signal?: AbortSignal): Promise<unknown>;
};

const thisMachine = (): Machine => ({
  load: openProcessorLoad(),
  now: () => performance.now(),
  rest: (ms, signal) => delay(ms, undefined, { signal }),
});

export function openStatementTurns(machine: Machine = thisMachine()): StatementTurns {
  let previous: Promise<unknown> = Promise.resolve();
  let lastOverAt = Number.NEGATIVE_INFINITY;
  return {
    isCrowded: machine.load.isCrowded,
    take(signal) {
      const taken = previous.then(() => {
        signal.throwIfAborted();
        if (machine.now() - lastOverAt > FORGET_LOAD_MS) machine.load.restart();
        return beginTurn(machine, signal);
      });
      previous = taken.then(
        async ({ over }) => {
          await over;
          lastOverAt = machine.now();
        },
        () => undefined,
      );
      return taken;
    },
  };
}

/** `over` resolves when the next turn may begin. */
function beginTurn(machine: Machine, signal: AbortSignal): StatementTurn & { readonly over: Promise<void> } {
  const { load, now } = machine;
  let statementAt = now();
  let owedMs = 0;
  const finishStatement = (): void => {
    const tookMs = now() - statementAt;
    load.record(tookMs);
    owedMs = load.isCrowded() ? Math.min(owedMs + REST_PER_STATEMENT * tookMs, MAX_REST_MS) : 0;
  };
  let isOver = false;
  let restThenPass = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    restThenPass = () => {
      if (owedMs > 0) void machine.rest(owedMs).then(() => resolve());
      else resolve();
    };
  });
  const finish = (): void => {
    isOver = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", finish);
    restThenPass();
  };
  const timer = setTimeout(finish, MAX_TURN_MS).unref();
  signal.addEventListener("abort", finish, { once: true });
  return {
    over,
    async pause(signal) {
      finishStatement();
      const restMs = Math.min(owedMs, MAX_PAUSE_MS);
      owedMs -= restMs;
      if (restMs > 0) await machine.rest(restMs, signal);
      statementAt = now();
    },
    end() {
      if (isOver) return;
      finishStatement();
      finish();
    },
  };
}
