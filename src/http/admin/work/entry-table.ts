import { type Html, html } from "../../../html.ts";
import type { ListedEntry, WorkState } from "../../../queues/entries.ts";
import { badge, codeHtml, type Tone, timeWithAge } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const TONES: Readonly<Record<WorkState, Tone>> = {
  due: "warn",
  later: "idle",
  carried: "busy",
  parked: "idle",
  held: "warn",
  dead: "bad",
};

export const stateBadge = (state: WorkState): Html => badge(state, TONES[state]);

/** Entries of the outbox, one per row, without their payloads. */
export const entryTable = (entries: readonly ListedEntry[], now: Date, empty: string): Html =>
  table({
    caption: "Outbox entries",
    columns: [
      { title: "Entry", kind: "number" },
      { title: "Job", kind: "fixed" },
      { title: "Key", kind: "long" },
      { title: "State", kind: "fixed" },
      { title: "Enqueued", kind: "fixed" },
      { title: "Due", kind: "fixed" },
      { title: "Attempts", kind: "number" },
      { title: "Error", kind: "long" },
    ],
    rows: entries.map((entry) => [
      html`<a href="/admin/work/${entry.id}">${entry.id}</a>`,
      html`${entry.job}<small>${entry.queue}</small>`,
      codeHtml(entry.key),
      stateBadge(entry.state),
      timeWithAge(entry.createdAt, now),
      entry.deadAt === null
        ? timeWithAge(entry.runAt, now)
        : html`<small>died</small>${timeWithAge(entry.deadAt, now)}`,
      entry.attempts,
      entry.error,
    ]),
    empty,
  });
