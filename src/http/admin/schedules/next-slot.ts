import { type Html, html } from "../../../html.ts";
import type { ListedSchedule } from "../../../schedules/list-schedules.ts";
import type { SchedulePause } from "../../../schedules/pause.ts";
import { nextSlot } from "../../../schedules/slots.ts";
import { badge, timeHtml, timeWithAge } from "../frame/elements.ts";
import { pausedSchedule } from "../pauses/paused.ts";

/** Slots are opened within ten seconds; a slot that is this old was missed. */
const MISSED_AFTER_MS = 120_000;

/** When a schedule fires next, or what keeps it from firing. */
export function nextSlotHtml(schedule: ListedSchedule, pauses: readonly SchedulePause[], now: Date): Html {
  const pause = pauses.find(({ name }) => name === schedule.name);
  if (pause) return pausedSchedule(pause);
  const { lastSlot, lastRun, isWaiting } = schedule;
  const missed = lastSlot === null ? null : nextSlot(schedule, lastSlot);
  if (missed === null || now.getTime() - missed.getTime() < MISSED_AFTER_MS)
    return timeWithAge(schedule.nextSlot, now);
  if (!isWaiting) return html`${badge("missed", "bad")}<small>slot of ${timeHtml(missed)}</small>`;
  const run = lastRun === null ? "its last run" : html`<a href="/admin/runs/${lastRun}">run ${lastRun}</a>`;
  return html`${badge("waits for its run", "busy")}<small>The slot of ${timeHtml(missed)} is opened once ${run} is settled.</small>`;
}
