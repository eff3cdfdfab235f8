import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { linkSignals } from "../deadlines.ts";
import { createSemaphore, type Semaphore } from "./semaphore.ts";
import type { ThreadCall, ThreadData } from "./thread-entry.ts";

/**
 * Runs CPU-heavy functions off the event loop, which renews locks and serves commissions. A task is a plain
 * function of plain data in a module named `*.task.ts`; called directly, it gives the same result.
 */
export type Threads = {
  /**
   * Calls the exported function `task` of `module` with `input` on a worker thread. Input and result are
   * copied; typed arrays over a SharedArrayBuffer are shared. When the signal aborts, the call rejects and
   * its thread is terminated and replaced.
   *
   * @param module URL of the module, as `new URL("./x.task.ts", import.meta.url)` gives it.
   * @throws whatever the task throws, or an Error when the queue is full.
   */
  call<Result>(module: URL, task: string, input: unknown, signal: AbortSignal): Promise<Result>;
  /** Terminates all threads. Calls that are waiting or running reject. */
  close(): Promise<void>;
};

export type ThreadsOptions = {
  /** Number of threads. Default: one per processor with idle priority, one fewer without. */
  readonly size?: number;
  /** Whether threads run only while a processor is idle (decision 0061). Default: true. */
  readonly idlePriority?: boolean;
};

/** Calls that may wait for a thread; the next one is rejected. */
const MAX_WAITING = 1_000;
/** A thread without work is stopped after this. */
export const IDLE_TIMEOUT_MS = 60_000;
/**
 * Where idle priority is not available, threads get the lowest ordinary priority instead. Elsewhere it only
 * makes the system count their time apart (src/threads/processor-load.ts).
 */
const NICENESS = 19;
const PROBE_TIMEOUT_MS = 5_000;

/** Node 20 cannot start a thread from TypeScript: from source, a first file registers tsx. */
const isSource = import.meta.url.endsWith(".ts");
export const THREAD_ENTRY = fileURLToPath(
  new URL(isSource ? "./thread-entry-from-source.mjs" : "./thread-entry.js", import.meta.url),
);

/**
 * Opens a pool of threads. The pool is made at the first call, and threads are started as calls need them.
 */
export function openThreads(options: ThreadsOptions = {}): Threads {
  const closed = new AbortController();
  let opened: Pool | undefined;
  return {
    async call<Result>(module: URL, task: string, input: unknown, given: AbortSignal) {
      opened ??= createPool(options);
      const { pool, semaphore } = opened;
      const { signal, release } = linkSignals(given, closed.signal);
      try {
        const release = await semaphore.acquire(signal);
        const call = { module: module.href, task, input } satisfies ThreadCall;
        return await (pool.run(call, { signal }) as Promise<Result>).finally(release);
      } finally {
        release();
      }
    },
    async close() {
      closed.abort(new Error("the threads are closed"));
      await opened?.pool.close({ force: true });
    },
  };
}

type Pool = { readonly pool: Piscina; readonly semaphore: Semaphore };

function createPool({ idlePriority = true, size }: ThreadsOptions): Pool {
  const runsIdle = idlePriority && hasIdlePriority();
  const maxThreads = size ?? poolSize(availableParallelism(), runsIdle);
  const pool = new Piscina({
    filename: THREAD_ENTRY,
    minThreads: 0,
    maxThreads,
    idleTimeout: IDLE_TIMEOUT_MS,
    workerData: { runsIdle } satisfies ThreadData,
    niceIncrement: idlePriority ? NICENESS : 0,
  });
  return { pool, semaphore: createSemaphore(maxThreads, MAX_WAITING) };
}

/**
 * One thread per processor where threads run at idle priority; elsewhere one processor is left to the event
 * loop and the servers.
 */
export const poolSize = (processors: number, runsIdle: boolean): number =>
  runsIdle ? processors : Math.max(1, processors - 1);

/** Whether this system can run a thread at idle priority: Linux with `chrt` of util-linux. */
function hasIdlePriority(): boolean {
  try {
    execFileSync("chrt", ["--idle", "0", "true"], { stdio: "ignore", timeout: PROBE_TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}
