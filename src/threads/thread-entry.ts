import { execFileSync } from "node:child_process";
import type { MessagePort } from "node:worker_threads";
import { workerData } from "piscina";
import { ignoreLeftRejections, kernelThread, openRequests } from "./caller-requests.ts";

/** The data that a thread gets when it starts. */
export type ThreadData = { readonly runsIdle: boolean };

/**
 * A call: an exported function of a module, and its argument. With a port, the function may request things
 * from the caller while it runs: `request` is its second argument.
 */
export type ThreadCall = {
  readonly module: string;
  readonly task: string;
  readonly input: unknown;
  readonly port?: MessagePort;
};

const CHRT_TIMEOUT_MS = 5_000;

if ((workerData as ThreadData).runsIdle) setIdlePriority();

/**
 * Gives the calling thread the scheduling policy SCHED_IDLE: it runs only while no other thread wants the
 * processor. Niceness is not enough, since a running thread keeps the processor until the end of its slice:
 * next to a thread of niceness 19 that walks through memory, the p99 of sales was 2.3 times as long, next to
 * one at idle priority 1.1 times. Node has no call for it, so `chrt` is run.
 */
function setIdlePriority(): void {
  try {
    execFileSync("chrt", ["--idle", "--pid", "0", kernelThread() ?? ""], {
      stdio: "ignore",
      timeout: CHRT_TIMEOUT_MS,
    });
  } catch {
    // The pool has already checked that chrt works, so the machine is just busy: the thread keeps its
    // ordinary priority.
  }
}

/** Runs one call. Piscina requires a default export; nothing else in this repository has one. */
// biome-ignore lint/style/noDefaultExport: Piscina's contract.
export default async function perform({ module, task, input, port }: ThreadCall): Promise<unknown> {
  const { [task]: named } = (await import(module)) as Record<string, unknown>;
  if (typeof named !== "function") throw new Error(`${module} exports no function named ${task}.`);
  if (!port) return named(input);
  ignoreLeftRejections();
  const { request, close } = openRequests(port);
  try {
    return await named(input, request);
  } finally {
    close();
  }
}
