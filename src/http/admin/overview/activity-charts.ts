import { QUEUE_NAMES, type QueueName } from "../../../config/queues.ts";
import { type Html, html } from "../../../html.ts";
import type { QueueStep } from "../../../queues/activity.ts";
import { type Chart, chartHtml } from "../frame/chart.ts";
import { emptyState, formatCount } from "../frame/elements.ts";
import { activeQueues, queueValues, sum } from "./figures.ts";

type Measure = {
  readonly title: string;
  readonly unit: string;
  /** The description in words, for the queues with a value. */
  summary(name: string, values: readonly number[]): string;
  /** The value of a step of some minutes. */
  value(step: QueueStep, minutes: number): number;
};

const round = (value: number): number => Math.round(value * 100) / 100;

const MEASURES: readonly Measure[] = [
  {
    title: "Settled entries per minute",
    unit: "",
    summary: (name, values) =>
      `${name} ${formatCount(round(sum(values) / Math.max(1, values.length)))} on average`,
    value: ({ settled }, minutes) => round(settled / minutes),
  },
  {
    title: "Longest wait for a worker",
    unit: " s",
    summary: (name, values) => `${name} at most ${round(Math.max(0, ...values))} s`,
    value: ({ longestWaitMs }) => round(longestWaitMs / 1_000),
  },
  {
    title: "Failed attempts",
    unit: "",
    summary: (name, values) => `${name} ${formatCount(sum(values))}`,
    value: ({ retried, died }) => retried + died,
  },
];

/**
 * Throughput, waits and failures of the queues, a chart each.
 * @param x the beginnings of the steps.
 */
export function activityCharts(
  activity: readonly QueueStep[],
  x: readonly number[],
  stepMinutes: number,
): Html {
  const queues = activeQueues(activity);
  if (queues.length === 0)
    return emptyState("Nothing was settled in this time. Processes with workers report every 15 seconds.");
  return html`<div class="charts">${MEASURES.map((measure) => chartHtml(chartOf(measure, activity, queues, x, stepMinutes)))}</div>`;
}

function chartOf(
  { title, unit, summary, value }: Measure,
  activity: readonly QueueStep[],
  queues: readonly string[],
  x: readonly number[],
  stepMinutes: number,
): Chart {
  const series = queues
    .map((label) => ({
      label,
      hue: Math.max(0, QUEUE_NAMES.indexOf(label as QueueName)),
      values: queueValues(activity, label, x, (step) => value(step, stepMinutes)),
    }))
    .filter(({ values }) => values.some((each) => each > 0));
  const words = series.map(({ label, values }) => summary(label, values));
  return { title, unit, x, series, summary: words.length > 0 ? `${words.join(", ")}.` : "None." };
}
