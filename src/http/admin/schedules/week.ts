import { formatInstant } from "../../../format-instant.ts";
import { type Html, html } from "../../../html.ts";
import type { Schedule } from "../../../schedules/schedule.ts";
import { nextSlot, slotsBetween } from "../../../schedules/slots.ts";

const DAYS = 7;
const DAY_MS = 86_400_000;
/** More frequent schedules are drawn as a band. */
const STEADY_MS = 3_600_000;
const NAMES_WIDTH = 190;
const WIDTH = 1_000;
const RIGHT = WIDTH - 6;
/** The width of the name of a day. */
const DAY_WIDTH = 70;
const ROW = 17;
const HEAD = 22;

export type PlannedSchedule = Pick<Schedule, "name" | "pattern" | "tz"> & { readonly isPaused: boolean };

type Row = PlannedSchedule & {
  /** Null for a schedule that fires every hour or more often. */
  readonly slots: readonly Date[] | null;
};

/**
 * The slots of the coming week as a picture, a row for each schedule. Days and times are in UTC; the script
 * shows them in the reader's zone.
 */
export function weekPicture(schedules: readonly PlannedSchedule[], now: Date): Html {
  const rows = schedules.map((schedule): Row => ({ ...schedule, slots: slotsOf(schedule, now) }));
  const ordered = [
    ...rows.filter(({ slots }) => slots !== null),
    ...rows.filter(({ slots }) => slots === null),
  ];
  const height = HEAD + ordered.length * ROW + 4;
  const counted = rows.reduce((all, { slots }) => all + (slots?.length ?? 0), 0);
  const label = `${counted} slots of ${rows.filter(({ slots }) => slots !== null).length} schedules in the coming week; the others fire every hour or more often. The table below has the next slot of each.`;
  return html`<div class="wide" role="region" tabindex="0" aria-label="The coming week"><svg class="week" data-from="${now.toISOString()}" data-until="${new Date(now.getTime() + DAYS * DAY_MS).toISOString()}" data-left="${NAMES_WIDTH}" data-right="${RIGHT}" data-names-until="${WIDTH - DAY_WIDTH}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
<g class="days">${daysHtml(now, height)}</g>
${ordered.map((row, index) => rowHtml(row, HEAD + index * ROW, now))}
</svg></div>`;
}

function slotsOf(schedule: PlannedSchedule, now: Date): Date[] | null {
  const first = nextSlot(schedule, now);
  const second = nextSlot(schedule, first);
  if (second.getTime() - first.getTime() <= STEADY_MS) return null;
  return slotsBetween(schedule, now, new Date(now.getTime() + DAYS * DAY_MS));
}

const xOf = (at: number, now: Date): number =>
  NAMES_WIDTH + ((at - now.getTime()) / (DAYS * DAY_MS)) * (RIGHT - NAMES_WIDTH);

/** A line at the beginning of each day, with its name where there is room for it. */
function daysHtml(now: Date, height: number): Html[] {
  const midnight = Math.ceil(now.getTime() / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS }, (_, n) => {
    const at = midnight + n * DAY_MS;
    const x = xOf(at, now).toFixed(1);
    const day = new Date(at).toUTCString().slice(0, 11);
    return html`<g transform="translate(${x})"><line y1="4" y2="${height}"/><text x="4" y="14">${Number(x) < WIDTH - DAY_WIDTH ? day : null}</text></g>`;
  });
}

function rowHtml({ name, pattern, isPaused, slots }: Row, y: number, now: Date): Html {
  const title = html`<title>${name}: ${pattern}${isPaused ? ", paused" : ""}</title>`;
  const marks =
    slots === null
      ? html`<rect class="${isPaused ? "paused" : "steady"}" x="${NAMES_WIDTH}" y="${y + 5}" width="${RIGHT - NAMES_WIDTH}" height="4" rx="2"/>`
      : html`${slots.map(
          (slot) =>
            html`<rect${isPaused ? html` class="paused"` : null} x="${xOf(slot.getTime(), now).toFixed(1)}" y="${y + 2}" width="3" height="10" rx="1" data-at="${slot.toISOString()}"><title>${name}, ${formatInstant(slot)}</title></rect>`,
        )}`;
  return html`<g>${title}<text class="name" x="8" y="${y + 11}">${name}</text>${marks}</g>
`;
}
