import { readlinkSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";

/** Requests something from the caller of a task while the task runs, such as a part of a file. */
export type RequestFromCaller = (request: unknown) => Promise<unknown>;

/** From the thread to the caller. `thread`: its id in the kernel, or null where there is none. */
export type FromThread =
  | { readonly kind: "started"; readonly thread: string | null }
  | { readonly kind: "request"; readonly id: number; readonly request: unknown };

/** From the caller to the thread. The reason of a refusal is not sent to the thread. */
export type ToThread =
  | { readonly kind: "answer"; readonly id: number; readonly answer: unknown }
  | { readonly kind: "refusal"; readonly id: number };

type Waiting = { resolve(answer: unknown): void; reject(error: Error): void };

/** Opens the thread's end of the channel, and notifies the caller that the task starts. */
export function openRequests(port: MessagePort): { readonly request: RequestFromCaller; close(): void } {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  port.on("message", (message: ToThread) => {
    const pending = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "answer") pending?.resolve(message.answer);
    else pending?.reject(new Error("the caller refused the request"));
  });
  port.postMessage({ kind: "started", thread: kernelThread() } satisfies FromThread);
  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        port.postMessage({ kind: "request", id: last, request } satisfies FromThread);
      }),
    close: () => port.close(),
  };
}

/**
 * Keeps unhandled rejections from ending the calling thread: those left over from one task would end it
 * during the next.
 */
export function ignoreLeftRejections(): void {
  if (process.listenerCount("unhandledRejection") === 0) process.on("unhandledRejection", () => undefined);
}

/** The id of the calling thread in Linux; null elsewhere. */
export function kernelThread(): string | null {
  try {
    return readlinkSync("/proc/thread-self").split("/").at(-1) ?? null;
  } catch {
    return null;
  }
}
