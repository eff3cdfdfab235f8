import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import { linkSignals } from "../deadlines.ts";
import type { FromThread, ToThread } from "./caller-requests.ts";
import { createSemaphore } from "./semaphore.ts";
import type { ThreadCall, ThreadData } from "./thread-entry.ts";
import { type CallLimits, LimitBroken, watchLimits } from "./thread-limits.ts";
import { IDLE_TIMEOUT_MS, THREAD_ENTRY } from "./threads.ts";

/**
 * Runs functions on untrusted data, such as uploaded files: a call that breaks a limit is ended
 * together with its thread, and the next call gets a new one. The threads run at normal priority, since their
 * limits would be reached sooner at idle priority beside other work.
 */
export type GuardedThreads = {
  /**
   * Calls the exported function `task` of `module` with `input` and a function that requests things from the
   * caller. Calls beyond the number of threads wait for a free one.
   *
   * @param options.answer answers a request of the task. Bytes are copied. An error that it throws ends the
   *   call.
   * @throws LimitBroken, the reason of the signal, what `answer` throws, or what the task throws.
   */
  call<Result>(module: URL, task: string, input: unknown, options: GuardedCall): Promise<Result>;
  /** Terminates all threads. Calls that are waiting or running reject. */
  close(): Promise<void>;
};

export type GuardedCall = {
  readonly signal: AbortSignal;
  readonly limits: CallLimits;
  readonly answer: (request: unknown, signal: AbortSignal) => Promise<unknown>;
};

export type GuardedThreadsOptions = {
  readonly size?: number;
  /** Of the JavaScript heap of one thread, in MiB. */
  readonly heapMiB?: number;
};

const SIZE = 2;
const HEAP_MIB = 256;
const YOUNG_HEAP_MIB = 32;

const CLOSED = new Error("the threads are closed");

/** Opens the pool. Threads are started as calls need them. */
export function openGuardedThreads(options: GuardedThreadsOptions = {}): GuardedThreads {
  const { size = SIZE, heapMiB = HEAP_MIB } = options;
  const closed = new AbortController();
  const semaphore = createSemaphore(size);
  let pool: Piscina | undefined;
  return {
    async call<Result>(module: URL, task: string, input: unknown, callOptions: GuardedCall) {
      const { signal, release } = linkSignals(callOptions.signal, closed.signal);
      try {
        pool ??= createPool(size, heapMiB);
        const release = await semaphore.acquire(signal);
        const call = { module: module.href, task, input };
        return await callGuarded<Result>(pool, call, { ...callOptions, signal }).finally(release);
      } finally {
        release();
      }
    },
    async close() {
      closed.abort(CLOSED);
      await pool?.close({ force: true });
    },
  };
}

function createPool(size: number, heapMiB: number): Piscina {
  const pool = new Piscina({
    filename: THREAD_ENTRY,
    minThreads: 0,
    maxThreads: size,
    idleTimeout: IDLE_TIMEOUT_MS,
    workerData: { runsIdle: false } satisfies ThreadData,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
  });
  // An error after the end of a task: its thread has ended, which is enough.
  pool.on("error", () => undefined);
  return pool;
}

async function callGuarded<Result>(
  pool: Piscina,
  call: Omit<ThreadCall, "port">,
  { signal, limits, answer }: GuardedCall,
): Promise<Result> {
  const { port1: ours, port2: port } = new MessageChannel();
  const ended = new AbortController();
  // The first failure is reported: later ones only follow from it.
  const failures: unknown[] = [];
  const end = (error: unknown): void => {
    failures.push(error);
    ended.abort();
  };
  const onAbort = (): void => end(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  const watch = watchLimits(limits, end);
  ours.on("message", (message: FromThread) => {
    if (message.kind === "started") watch.start(message.thread);
    else void reply(ours, message, (request) => answer(request, ended.signal)).catch((e) => failures.push(e));
  });
  try {
    const run = { signal: ended.signal, transferList: [port] };
    const result: Result = await pool.run({ ...call, port } satisfies ThreadCall, run);
    if (failures.length === 0) return result;
  } catch (error) {
    failures.push(isOutOfMemory(error) ? new LimitBroken("memory") : error);
  } finally {
    watch.stop();
    ours.close();
    signal.removeEventListener("abort", onAbort);
    // Cancels answers that are still being read.
    ended.abort();
  }
  throw failures[0];
}

/** Answers a request of the thread. If the answer throws, notifies the thread and rethrows. */
async function reply(
  port: MessagePort,
  { id, request }: Extract<FromThread, { kind: "request" }>,
  answer: (request: unknown) => Promise<unknown>,
): Promise<void> {
  try {
    const given = await answer(request);
    // A view would be copied with all of the memory behind it.
    const own = given instanceof Uint8Array ? new Uint8Array(given) : given;
    const transfer = own instanceof Uint8Array ? [own.buffer as ArrayBuffer] : [];
    port.postMessage({ kind: "answer", id, answer: own } satisfies ToThread, transfer);
  } catch (error) {
    port.postMessage({ kind: "refusal", id } satisfies ToThread);
    throw error;
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === "ERR_WORKER_OUT_OF_MEMORY";
