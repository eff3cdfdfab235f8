import { type Html, html } from "../../../html.ts";
import type { Schedule } from "../../../schedules/schedule.ts";
import { nextSlot, slotsBetween } from "../../../schedules/slots.ts";

const DAYS = 7;
const DAY_MS = 86_400_000;
/** More frequent schedules are drawn as a band. */
const STEADY_MS = 3_600_000;
const NAMES_WIDTH = 190;
const WIDTH = 1_000;
/** Of the name of a day. */
const DAY_WIDTH = 70;
const ROW = 17;
const HEAD = 22;

export type PlannedSchedule = Pick<Schedule, "name" | "pattern" | "tz"> & { readonly isPaused: boolean };

type Row = PlannedSchedule & {
  /** Null for a schedule that fires every hour or more often. */
  readonly slots: readonly Date[] | null;
};

/** The slots of the coming week as a picture, a row for each schedule; days are those of UTC. */
export function weekPicture(schedules: readonly PlannedSchedule[], now: Date): Html {
  const rows = schedules.map((schedule): Row => ({ ...schedule, slots: slotsOf(schedule, now) }));
  const ordered = [
    ...rows.filter(({ slots }) => slots !== null),
    ...rows.filter(({ slots }) => slots === null),
  ];
  const height = HEAD + ordered.length * ROW + 4;
  const counted = rows.reduce((all, { slots }) => all + (slots?.length ?? 0), 0);
  const label = `${counted} slots of ${rows.filter(({ slots }) => slots !== null).length} schedules in the coming week; the others fire every hour or more often. The table below has the next slot of each.`;
  return html`<div class="wide" role="region" tabindex="0" aria-label="The coming week"><svg class="week" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">
${daysHtml(now, height)}
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
  NAMES_WIDTH + ((at - now.getTime()) / (DAYS * DAY_MS)) * (WIDTH - NAMES_WIDTH - 6);

/** A line at the beginning of each day. */
function daysHtml(now: Date, height: number): Html[] {
  const midnight = Math.ceil(now.getTime() / DAY_MS) * DAY_MS;
  return Array.from({ length: DAYS }, (_, n) => {
    const at = midnight + n * DAY_MS;
    const x = xOf(at, now).toFixed(1);
    const day = new Date(at).toUTCString().slice(0, 11);
    const hasRoom = Number(x) + DAY_WIDTH < WIDTH;
    return html`<line x1="${x}" x2="${x}" y1="4" y2="${height}"/>${hasRoom ? html`<text x="${(Number(x) + 4).toFixed(1)}" y="14">${day}</text>` : null}`;
  });
}

function rowHtml({ name, pattern, isPaused, slots }: Row, y: number, now: Date): Html {
  const title = html`<title>${name}: ${pattern}${isPaused ? ", paused" : ""}</title>`;
  const marks =
    slots === null
      ? html`<rect class="${isPaused ? "paused" : "steady"}" x="${NAMES_WIDTH}" y="${y + 5}" width="${WIDTH - NAMES_WIDTH - 6}" height="4" rx="2"/>`
      : html`${slots.map(
          (slot) =>
            html`<rect${isPaused ? html` class="paused"` : null} x="${xOf(slot.getTime(), now).toFixed(1)}" y="${y + 2}" width="3" height="10" rx="1"/>`,
        )}`;
  return html`<g>${title}<text class="name" x="8" y="${y + 11}">${name}</text>${marks}</g>
`;
}
