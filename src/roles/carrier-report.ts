import type { CarrierReport } from "../queues/attempt.ts";
import type { Tally } from "../queues/tally.ts";
import type { Runtime } from "./runtime.ts";

/** The outcomes that a tally counts. */
export const OUTCOMES = [
  "done",
  "skipped",
  "duplicate",
  "retry",
  "dead",
  "snoozed",
  "interrupted",
  "postponed",
] as const;

const MAX_LOGGED_FAILURES = 10;

/**
 * Writes the metrics, the activity and the log line of a carrier: at level `warn` if an entry failed, else at
 * level `info`, or `debug` in a text log.
 */
export function reportCarrier(
  {
    metrics,
    activity,
    clock,
    log,
    config,
  }: Pick<Runtime, "metrics" | "activity" | "clock" | "log" | "config">,
  { carrier, work, tally, failures, tookMs }: CarrierReport,
): void {
  const labels = { queue: work.job.queue, job: carrier.job };
  const waitedMs = carrier.addedAtMs === undefined ? null : Date.now() - tookMs - carrier.addedAtMs;
  if (waitedMs !== null) metrics.wait.observe({ queue: labels.queue }, Math.max(waitedMs, 0) / 1_000);
  metrics.run.observe(labels, tookMs / 1_000);
  activity.record({ queue: labels.queue, job: work.job.name, tally, waitedMs, tookMs }, clock.now());
  for (const outcome of OUTCOMES)
    if (tally[outcome] > 0) metrics.outcomes.inc({ ...labels, outcome }, tally[outcome]);
  const line = {
    ...labels,
    carrier: carrier.id,
    ...(carrier.run === null ? {} : { run: carrier.run }),
    entries: carrier.entries.length,
    waitedMs,
    tookMs,
    ...summaryOf(tally),
  };
  if (failures.length === 0) log[config.log.format === "text" ? "debug" : "info"](line, "carrier settled");
  else log.warn({ ...line, ...failuresForLog(failures) }, "carrier settled with failures");
}

const failuresForLog = (failures: CarrierReport["failures"]) => ({
  failures: failures
    .slice(0, MAX_LOGGED_FAILURES)
    .map(({ entry, outcome, reason }) => ({ entry, outcome, reason })),
  err: failures[0]?.error,
});

/** The part of a tally that is not zero. */
export function summaryOf(tally: Tally): Record<string, unknown> {
  const outcomes = OUTCOMES.filter((outcome) => tally[outcome] > 0).map((outcome) => [
    outcome,
    tally[outcome],
  ]);
  return {
    ...Object.fromEntries(outcomes),
    ...(Object.keys(tally.counts).length > 0 ? { counts: tally.counts } : {}),
    ...(Object.keys(tally.reasons).length > 0 ? { reasons: tally.reasons } : {}),
  };
}
