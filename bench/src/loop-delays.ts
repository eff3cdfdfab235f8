import type { Runtime } from "../../src/roles/runtime.ts";
import type { BenchContext } from "./bench.ts";

const METRIC = "commonwork_job_loop_delay_seconds";

/** A sample of the metric: of a bucket, which are cumulative and in ascending order, or of all carriers. */
type Sample = { readonly job: string; readonly le: string | null; readonly value: number };

/**
 * Tells which jobs held the event loop of their workers for 50 ms or more, as the metric of production sees
 * it.
 */
export async function sayLoopDelays(
  { say }: Pick<BenchContext, "say">,
  { metrics }: Pick<Runtime, "metrics">,
): Promise<void> {
  const { values } = await metrics.loopDelay.get();
  const samples = values.flatMap(({ metricName, labels, value }): Sample[] => {
    const job = String(labels["job"]);
    if (metricName === `${METRIC}_count`) return [{ job, le: null, value }];
    return "le" in labels ? [{ job, le: String(labels["le"]), value }] : [];
  });
  for (const line of linesOf(samples)) say(line);
}

/** The same for a process of its own, which serves its metrics on this port. */
export async function sayLoopDelaysAt({ say }: Pick<BenchContext, "say">, port: number): Promise<void> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const samples = text.split("\n").flatMap((line): Sample[] => {
    const [, kind, labels = "", value] =
      /^commonwork_job_loop_delay_seconds_(count|bucket)\{(.*)\} (.+)$/.exec(line) ?? [];
    if (kind === undefined) return [];
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? null;
    return [{ job: String(label("job")), le: kind === "count" ? null : label("le"), value: Number(value) }];
  });
  for (const line of linesOf(samples)) say(line);
}

function linesOf(samples: readonly Sample[]): string[] {
  const totals = samples.filter(({ le }) => le === null);
  if (totals.length === 0) return ["the event loop was never held for 50 ms"];
  return totals.map(({ job, value: carriers }) => {
    // The first bucket with all carriers bounds the longest delay.
    const bound = samples.find(
      (sample) => sample.job === job && sample.le !== null && sample.value === carriers,
    );
    const atMost = bound && bound.le !== "+Inf" ? `at most ${bound.le} s` : "more than the last bucket";
    return `the event loop was held for 50 ms or more by ${carriers} carriers of ${job}, for ${atMost}`;
  });
}
