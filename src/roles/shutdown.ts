import { DeadlineExceeded, withinLimit } from "../deadlines.ts";
import type { Log } from "../log.ts";

/** One step of an ordered shutdown. It is awaited, but no longer than its limit. */
export type ShutdownStep = { readonly name: string; readonly limitMs: number; stop(): Promise<unknown> };

/**
 * Runs the steps in order. If one fails or exceeds its limit, the next one still runs.
 * @returns whether all ended cleanly.
 */
export async function shutDown(steps: readonly ShutdownStep[], log: Log): Promise<boolean> {
  let clean = true;
  for (const { name: step, limitMs, stop } of steps) {
    try {
      await withinLimit(limitMs, stop);
    } catch (error) {
      clean = false;
      if (error instanceof DeadlineExceeded) log.warn({ step, limitMs }, "shutdown step exceeded its limit");
      else log.warn({ step, err: error }, "shutdown step failed");
    }
  }
  return clean;
}

/** Resolves at the first SIGINT or SIGTERM. A second one exits at once. */
export function untilSignal(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (stopping) {
        log.warn({ signal }, "second signal: exiting at once");
        process.exit(130);
      }
      stopping = true;
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
