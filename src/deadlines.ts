import { setTimeout as delay } from "node:timers/promises";

/**
 * Resolves or rejects as `work` does, or rejects with the signal's reason when that aborts first. The work
 * itself is not stopped.
 */
export const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([work, rejectionOf(signal)]);

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * A signal that aborts when one of several does. AbortSignal.any would leak memory in the signals that live
 * on.
 *
 * @returns `release` must be called once the signal is no longer needed.
 */
export function linkSignals(...sources: readonly AbortSignal[]): {
  readonly signal: AbortSignal;
  release(): void;
} {
  const linked = new AbortController();
  const onAbort = (): void => linked.abort(sources.find(({ aborted }) => aborted)?.reason);
  for (const source of sources) source.addEventListener("abort", onAbort, { once: true });
  if (sources.some(({ aborted }) => aborted)) onAbort();
  return {
    signal: linked.signal,
    release() {
      for (const source of sources) source.removeEventListener("abort", onAbort);
    },
  };
}

/** The answer did not come within its limit. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
  }
}

/**
 * Resolves or rejects as `work` does, unless that takes longer than the limit. The work itself is not
 * stopped.
 * @throws DeadlineExceeded, or what the work throws.
 */
export async function withinLimit<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new DeadlineExceeded(limitMs)), limitMs);
  try {
    return await orAborted(work(), limit.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a promise to settle, at most `limitMs`. @returns false if it has not settled by then. */
export async function settlesWithin(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return withinLimit(limitMs, () => settled).catch(() => false);
}

/** Checks a condition every 25 ms, for at most `limitMs`. @returns whether it became true. */
export async function becomesTrue(limitMs: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!condition() && performance.now() < deadline) await delay(25);
  return condition();
}

const WORK_ENDED = new Error("the work has ended");

/**
 * Runs work with a signal that aborts at a time limit or when `stop` does, and stops waiting for it then. The
 * signal also aborts once the work has ended: resources that the work holds for its duration are then
 * released.
 * @param timedOut and `stopped` make the reason of the signal.
 */
export async function withTimeLimit<T>(
  limit: { readonly ms: number; readonly stop: AbortSignal; timedOut(): Error; stopped(): Error },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(limit.timedOut()), limit.ms);
  const onStop = () => controller.abort(limit.stopped());
  if (limit.stop.aborted) onStop();
  limit.stop.addEventListener("abort", onStop, { once: true });
  try {
    controller.signal.throwIfAborted();
    return await orAborted(work(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    controller.abort(WORK_ENDED);
    limit.stop.removeEventListener("abort", onStop);
  }
}
