import { QUEUE_NAMES } from "../../../config/queues.ts";
import { groupBy } from "../../../group-by.ts";
import { memoizeLast } from "../../../memoize-last.ts";
import type { QueueStep } from "../../../queues/activity.ts";
import type { JobPause } from "../../../queues/job-pauses.ts";
import type { EntryState } from "../../../queues/outbox-counts.ts";
import { formatCount } from "../frame/elements.ts";
import { CHART_MINUTES, type Snapshot } from "../snapshot/snapshot.ts";

/** A number of entries, perhaps estimated. */
export type Amount = { readonly count: number; readonly isEstimate: boolean };

/** What the overview shows of one queue. */
export type QueueFigures = QueueHour & {
  readonly queue: string;
  readonly amounts: Readonly<Record<EntryState, Amount>>;
  readonly oldestSeconds: number | null;
  /** Carriers that run; null while Redis does not answer. */
  readonly active: number | null;
  readonly isPaused: boolean;
  /** Its paused jobs. */
  readonly pauses: readonly JobPause[];
};

/** What a queue did lately. */
type QueueHour = {
  /** Settled entries per minute, over the last quarter of an hour. */
  readonly perMinute: number;
  /** Failed attempts in the last hour. */
  readonly failed: number;
  /** Settled entries in each of the last sixty minutes. */
  readonly lastHour: readonly number[];
};

export const amountText = ({ count, isEstimate }: Amount): string =>
  `${isEstimate ? "about " : ""}${formatCount(count)}`;

const NONE: Amount = { count: 0, isEstimate: false };
const STATES: readonly EntryState[] = ["due", "carried", "later", "dead"];

/** The queues of this version, heaviest first, and then others that have entries. */
export function queueFigures({
  at,
  entries,
  slow,
}: Pick<Snapshot, "at" | "entries" | "slow">): QueueFigures[] {
  const queues = [...new Set([...QUEUE_NAMES, ...entries.map(({ queue }) => queue)])];
  const hours = queueHours(slow.activity, minuteOf(at));
  return queues.map((queue) => {
    const counts = entries.filter((entry) => entry.queue === queue);
    const amounts = Object.fromEntries(
      STATES.map((state) => [state, counts.find((entry) => entry.state === state) ?? NONE]),
    ) as Record<EntryState, Amount>;
    const ages = counts.flatMap(({ oldestSeconds }) => oldestSeconds ?? []);
    const carriers = slow.carriers.find((each) => each.queue === queue);
    return {
      queue,
      amounts,
      oldestSeconds: ages.length > 0 ? Math.max(...ages) : null,
      active: carriers?.active ?? null,
      isPaused: carriers?.isPaused ?? false,
      pauses: slow.pauses.filter((pause) => pause.queue === queue),
      ...(hours.get(queue) ?? IDLE_HOUR),
    };
  });
}

const IDLE_HOUR: QueueHour = { perMinute: 0, failed: 0, lastHour: Array.from({ length: 60 }, () => 0) };

/** The last hour of each queue that did anything, until a minute. */
const queueHours = memoizeLast((activity: readonly QueueStep[], minuteMs: number) => {
  const minutes = minutesBefore(new Date(minuteMs), 60);
  const hourOf = (steps: readonly QueueStep[], queue: string): QueueHour => {
    const lastHour = queueValues(steps, queue, minutes, ({ settled }) => settled);
    return {
      perMinute: sum(lastHour.slice(-15)) / 15,
      failed: sum(queueValues(steps, queue, minutes, ({ retried, died }) => retried + died)),
      lastHour,
    };
  };
  const byQueue = groupBy(activity, ({ queue }) => queue);
  return new Map([...byQueue].map(([queue, steps]) => [queue, hourOf(steps, queue)]));
});

export const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

export const sumOf = (figures: readonly QueueFigures[], state: EntryState): Amount => ({
  count: sum(figures.map(({ amounts }) => amounts[state].count)),
  isEstimate: figures.some(({ amounts }) => amounts[state].isEstimate),
});

/** When the minute of an instant begins, in milliseconds since 1970. */
export const minuteOf = (at: Date): number => Math.floor(at.getTime() / 60_000) * 60_000;

/** The beginnings of the last whole minutes, in seconds since 1970, oldest first. */
export function minutesBefore(at: Date, minutes: number): number[] {
  const last = minuteOf(at) / 1_000;
  return Array.from({ length: minutes }, (_, index) => last - (minutes - index) * 60);
}

/** The value of a queue at each beginning of a step; 0 for steps without activity. */
export function queueValues(
  activity: readonly QueueStep[],
  queue: string,
  x: readonly number[],
  value: (step: QueueStep) => number,
): number[] {
  const steps = new Map(
    activity.filter((step) => step.queue === queue).map((step) => [step.atSeconds, value(step)]),
  );
  return x.map((atSeconds) => steps.get(atSeconds) ?? 0);
}

export const chartMinutes = (at: Date): number[] => minutesBefore(at, CHART_MINUTES);

/** The queues that did anything, in the order of the configuration. */
export function activeQueues(activity: readonly QueueStep[]): string[] {
  const active = new Set(activity.map(({ queue }) => queue));
  return [...QUEUE_NAMES.filter((queue) => active.delete(queue)), ...active];
}
