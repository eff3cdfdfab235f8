import { openProcessorClock } from "../../src/processor-time.ts";
import type { Runtime } from "../../src/roles/runtime.ts";
import type { BenchContext, Figure } from "./bench.ts";

/** A sample of the metric: of a bucket, which are cumulative and in ascending order, or of all times. */
type Sample = { readonly job: string; readonly le: string | null; readonly value: number };

const TICK_MS = 5;

/**
 * Runs `work`, and adds to its figures the longest stretch for which the event loop of this process ran
 * without coming back to its timers, in processor time: other programs that want the processors do not
 * lengthen it. Whatever runs in this process counts, so it is an upper bound for the jobs.
 */
export async function watchingLoop(work: () => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
  const clock = openProcessorClock();
  let longestMs = 0;
  let last = clock();
  const tick = () => {
    const now = clock();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  };
  const timer = setInterval(tick, TICK_MS).unref();
  try {
    const figures = await work();
    tick();
    return [...figures, { figure: "event loop held at most, processor time", unit: "ms", value: longestMs }];
  } finally {
    clearInterval(timer);
  }
}

/** The figure of one case of several. */
export const named = (name: string, { figure, ...rest }: Figure): Figure => ({
  figure: `${name}: ${figure}`,
  ...rest,
});

/** Says which jobs held the loop of this process for 50 ms or more, by the metric of production. */
export async function sayLoopDelays(
  { say }: Pick<BenchContext, "say">,
  { metrics }: Pick<Runtime, "metrics">,
): Promise<void> {
  for (const line of linesOf(samplesIn(await metrics.registry.metrics()))) say(line);
}

/** Says the same about a process of its own, which serves its metrics on this port. */
export async function sayLoopDelaysAt({ say }: Pick<BenchContext, "say">, port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  for (const line of linesOf(samplesIn(await response.text()))) say(line);
}

const samplesIn = (exposition: string): Sample[] =>
  exposition.split("\n").flatMap((line): Sample[] => {
    const [, kind, labels = "", value] =
      /^commonwork_job_loop_delay_seconds_(count|bucket)\{(.*)\} (.+)$/.exec(line) ?? [];
    if (kind === undefined) return [];
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? null;
    return [{ job: String(label("job")), le: kind === "count" ? null : label("le"), value: Number(value) }];
  });

function linesOf(samples: readonly Sample[]): string[] {
  const totals = samples.filter(({ le }) => le === null);
  if (totals.length === 0) return ["the event loop was never held for 50 ms"];
  return totals.map(({ job, value: times }) => {
    // The first bucket with all of them bounds the longest.
    const bound = samples.find(
      (sample) => sample.job === job && sample.le !== null && sample.value === times,
    );
    const atMost = bound && bound.le !== "+Inf" ? `at most ${bound.le} s` : "more than the last bucket";
    const by = job === "none" ? "no job (garbage collection, other programs)" : job;
    return `the event loop was held for 50 ms or more ${times} times by ${by}, for ${atMost}`;
  });
}
