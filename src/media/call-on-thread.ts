import { type StoredFile, StoreUnavailable } from "../ports/media-store/media-store.ts";
import type { GuardedThreads } from "../threads/guarded-threads.ts";
import { type CallLimits, LimitBroken } from "../threads/thread-limits.ts";
import type { ReadRequest } from "./read-metadata.task.ts";

/** The dependencies of calls on the threads for foreign files. */
export type ThreadAccess = {
  readonly guarded: GuardedThreads;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly callLimits?: CallLimits;
};

export type FileCall = { readonly module: URL; readonly task: string; readonly input: unknown };

/**
 * The time limit for one file. Reading a header takes milliseconds; a parser that needs seconds will not end.
 */
const CALL_LIMITS: CallLimits = { processorMs: 5_000, totalMs: 60_000 };

/**
 * Calls a task on a thread, which requests the ranges of the file that it needs.
 *
 * @throws StoreUnavailable, also if most of the time was spent waiting for the store; FileFaulty,
 * LimitBroken, the reason of the signal, or whatever brought the thread down.
 */
export async function callOnThread<Result>(
  { guarded, signal, callLimits = CALL_LIMITS }: ThreadAccess,
  file: StoredFile,
  { module, task, input }: FileCall,
): Promise<Result> {
  const waiting = createStopwatch();
  const answer = async (request: unknown, ended: AbortSignal): Promise<Uint8Array> => {
    const { start, length } = request as ReadRequest;
    waiting.begin();
    return file.read(start, length, ended).finally(() => waiting.end());
  };
  try {
    return await guarded.call<Result>(module, task, input, { signal, limits: callLimits, answer });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LimitBroken && error.limit === "time" && waiting.totalMs() > callLimits.totalMs / 2)
      throw new StoreUnavailable("slow");
    throw error;
  }
}

/** Sums the time in which at least one of several things is running. */
function createStopwatch(): { begin(): void; end(): void; totalMs(): number } {
  let running = 0;
  let sinceMs = 0;
  let summedMs = 0;
  return {
    begin() {
      if (running === 0) sinceMs = performance.now();
      running += 1;
    },
    end() {
      running -= 1;
      if (running === 0) summedMs += performance.now() - sinceMs;
    },
    totalMs: () => summedMs + (running > 0 ? performance.now() - sinceMs : 0),
  };
}
