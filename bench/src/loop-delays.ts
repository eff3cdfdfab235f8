import type { Runtime } from "../../src/roles/runtime.ts";
import type { BenchContext } from "./bench.ts";

/**
 * Tells which jobs held the event loop of their workers for 50 ms or more, as the metric of production sees
 * it.
 */
export async function sayLoopDelays(
  { say }: Pick<BenchContext, "say">,
  { metrics }: Pick<Runtime, "metrics">,
): Promise<void> {
  const { values } = await metrics.loopDelay.get();
  const jobs = new Map<string, { count: number; atMost: string }>();
  for (const { metricName, labels, value } of values) {
    const job = String(labels["job"]);
    if (metricName?.endsWith("_count")) jobs.set(job, { count: value, atMost: "more than the last bucket" });
  }
  // Buckets are cumulative, in ascending order: the first one with all carriers bounds the longest delay.
  for (const { labels, value } of values.toReversed()) {
    const job = jobs.get(String(labels["job"]));
    if (job && "le" in labels && labels["le"] !== "+Inf" && value === job.count)
      job.atMost = `${labels["le"]} s`;
  }
  if (jobs.size === 0) say("the event loop was never held for 50 ms");
  for (const [job, { count, atMost }] of jobs)
    say(`the event loop was held for 50 ms or more by ${count} carriers of ${job}, for at most ${atMost}`);
}
