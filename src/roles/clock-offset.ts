import type { Runtime } from "./runtime.ts";

/** Sets the gauge of how wrong the clock of this machine is, once that was measured. */
export function setClockOffset({ serverClock, metrics }: Pick<Runtime, "serverClock" | "metrics">): void {
  const offsetMs = serverClock?.offsetMs() ?? null;
  if (offsetMs !== null) metrics.clockOffset.set(offsetMs / 1_000);
}
