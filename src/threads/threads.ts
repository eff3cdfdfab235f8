import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { ThreadData } from "./thread-entry.ts";

/**
 * Work for the processor, off the event loop that renews locks and serves commissions. A task is a plain function of plain data in a
 * module of src/scoring: it can be called here or there, with the same result.
 */
export type Threads = {
  /**
   * Calls `module`'s exported function `task` with `input` on a worker thread. Input and answer are copied (typed arrays over a
   * SharedArrayBuffer are shared). Rejects with the reason of the signal when it aborts; the thread is then ended and replaced.
   *
   * @param module URL of the module, as `import.meta.resolve` or `new URL(..., import.meta.url)` gives it.
   */
  call<Answer>(module: URL, task: string, input: unknown, signal: AbortSignal): Promise<Answer>;
  /** Tasks that wait or run. */
  busy(): number;
  close(): Promise<void>;
};

/** More tasks than this do not wait: whoever asks is asking too much at once. */
const MAX_WAITING = 1_000;

/** Where a thread cannot be told to run only while a processor is idle, it is as nice as can be. */
const NICENESS = 19;

/** From source, Node 20 cannot start a thread from TypeScript: tsx is registered inside it first. */
const fromSource = import.meta.url.endsWith(".ts");
const entry = fileURLToPath(
  new URL(fromSource ? "./thread-entry-from-source.mjs" : "./thread-entry.js", import.meta.url),
);

/**
 * Opens a pool of threads that stay alive, one a processor but one. None is started before the first task.
 *
 * @param givesWay to the event loop, to Postgres and Redis on the same machine, and to everybody else there: threads have what nobody
 *   else wants. Where the system knows no such thing, they do not.
 */
export function openThreads(size = Math.max(1, availableParallelism() - 1), givesWay = true): Threads {
  const pool = new Piscina({
    filename: entry,
    minThreads: 0,
    maxThreads: size,
    maxQueue: MAX_WAITING,
    idleTimeout: 60_000,
    workerData: { givesWay } satisfies ThreadData,
    niceIncrement: givesWay ? NICENESS : 0,
  });
  return {
    call: (module, task, input, signal) => pool.run({ module: module.href, task, input }, { signal }),
    busy: () => pool.queueSize + pool.threads.length,
    close: () => pool.close({ force: true }),
  };
}
