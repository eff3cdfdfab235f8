import { groupBy } from "../group-by.ts";
import type { Log } from "../log.ts";
import type { Measure } from "../queues/job.ts";
import { NO_RECIPIENTS } from "./describe-outcome.ts";
import type { EventOutcome } from "./event-outcomes.ts";
import { notificationTypeOf } from "./type-of-event.ts";

/** An event with its outcome: the fields at fault if it was rejected, or that nobody was to be notified. */
type Handled = {
  readonly id: string;
  readonly type: string;
  readonly outcome: EventOutcome;
  readonly reason: string | null;
};

const HOUR_MS = 3_600_000;
/**
 * At most this many types are remembered, more than a host has: a sender of random ones must not fill the
 * memory.
 */
const MAX_TYPES = 1_000;

/** The times of the last warnings of this process, by type and fault. */
const warnings = new Map<string, number>();

/** The name of a type, made safe for the log: anybody who may insert events can choose it. */
const printableType = (type: string): string => (/^[\w.:-]{1,80}$/.test(type) ? type : "(not a name)");

/**
 * Counts handled events by type and outcome, those that notified nobody apart. Warns of types that nothing
 * handles and of payloads that do not fit, once an hour each.
 */
export function reportEvents(
  { log, measure }: { readonly log: Log; readonly measure: Measure },
  events: readonly Handled[],
  { nowMs, warnedAtMs } = { nowMs: performance.now(), warnedAtMs: warnings },
): void {
  for (const [key, group] of groupBy(events, (event) => `${countedAs(event)} ${event.type}`)) {
    const [event] = group as [Handled];
    const { id, type, outcome, reason } = event;
    const isKnown = notificationTypeOf(type) !== undefined || outcome === "decided";
    measure("events", { type: isKnown ? type : "unknown", outcome: countedAs(event) }, group.length);
    if (outcome === "decided" || nowMs - (warnedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < HOUR_MS)
      continue;
    if (warnedAtMs.size >= MAX_TYPES) warnedAtMs.clear();
    warnedAtMs.set(key, nowMs);
    const line = { eventType: printableType(type), event: id, events: group.length };
    if (outcome === "ignored") log.warn(line, "events of an unknown type are ignored");
    else log.warn({ ...line, fields: reason }, "events are rejected: their payload does not fit their type");
  }
}

const countedAs = ({ outcome, reason }: Handled): string =>
  outcome === "decided" && reason === NO_RECIPIENTS ? NO_RECIPIENTS : outcome;
