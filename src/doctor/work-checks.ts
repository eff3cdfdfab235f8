import { sql } from "drizzle-orm";
import { mirrorStatus } from "../connect/status.ts";
import type { Database } from "../db/client.ts";
import { rows } from "../db/statement.ts";
import { busySql } from "../schedules/due-slots.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { nextSlot } from "../schedules/slots.ts";
import { type Check, type Finding, ok, problem, warning } from "./finding.ts";
import type { Clean } from "./secrets.ts";

/** Schedules and mirrors. */
export const workChecks = (db: Database, timetable: readonly Schedule[], clean: Clean): Check[] => [
  { name: "Schedules", look: () => lookAtSchedules(db, timetable) },
  { name: "Mirrors", look: () => lookAtMirrors(db, clean) },
];

/** Slots are opened every 10 s. */
const LATE_MS = 2 * 60_000;
const PAUSED_LONG_MS = 24 * 3_600_000;
const NAMED = 3;

type Stored = { name: string; through: string; pausedAt: string | null };
type Due = { readonly name: string; readonly since: Date };

async function lookAtSchedules(db: Database, timetable: readonly Schedule[]): Promise<Finding | Finding[]> {
  const [stored, busy, [clock]] = await Promise.all([
    rows<Stored>(db.drizzle, sql`select name, through, paused_at as "pausedAt" from schedules`),
    rows<{ name: string }>(db.drizzle, busySql(timetable)),
    rows<{ now: string }>(db.drizzle, sql`select now()`),
  ]);
  if (stored.length === 0) return ok("no process with the role scheduler has run yet");
  const now = new Date(clock?.now ?? Date.now());
  const findings = scheduleFindings(timetable, {
    stored: new Map(stored.map((row) => [row.name, row])),
    busy: new Set(busy.map(({ name }) => name)),
    now,
  });
  return findings.length > 0 ? findings : ok(`${timetable.length} schedules, none of them late`);
}

type ScheduleState = {
  readonly stored: ReadonlyMap<string, Stored>;
  /** Schedules whose last run has not ended. */
  readonly busy: ReadonlySet<string>;
  readonly now: Date;
};

function scheduleFindings(timetable: readonly Schedule[], { stored, busy, now }: ScheduleState): Finding[] {
  const late = timetable.flatMap((schedule): Due[] => {
    const row = stored.get(schedule.name);
    if (row === undefined || row.pausedAt !== null) return [];
    const since = nextSlot(schedule, new Date(row.through));
    return now.getTime() - since.getTime() > LATE_MS ? [{ name: schedule.name, since }] : [];
  });
  const [unopened, waiting] = [
    late.filter(({ name }) => !busy.has(name)),
    late.filter(({ name }) => busy.has(name)),
  ];
  const unknown = timetable.filter(({ name }) => !stored.has(name)).map(({ name }) => name);
  const forgotten = timetable.flatMap(({ name }) => {
    const pausedAt = stored.get(name)?.pausedAt;
    return pausedAt && now.getTime() - new Date(pausedAt).getTime() > PAUSED_LONG_MS ? [name] : [];
  });
  return [
    ...(unopened.length > 0
      ? [
          problem(
            `${unopened.length} of ${timetable.length} schedules have missed a slot: ${namesOf(unopened.map(dueText))}.`,
            "Does a process with the role scheduler run, without DRY_RUN? Its log names a schedule that it cannot open.",
          ),
        ]
      : []),
    ...(waiting.length > 0
      ? [
          warning(
            `Schedules wait for the end of their last run: ${namesOf(waiting.map(dueText))}.`,
            "`commonwork runs --status running`; does a worker serve its queue? `commonwork dead list`",
          ),
        ]
      : []),
    ...(unknown.length > 0
      ? [
          warning(
            `No scheduler has opened these schedules yet: ${namesOf(unknown)}.`,
            "Restart the processes with the role scheduler: an older version runs.",
          ),
        ]
      : []),
    ...(forgotten.length > 0
      ? [
          warning(
            `Schedules have been paused for more than a day: ${namesOf(forgotten)}.`,
            "`commonwork schedules resume <schedule>`",
          ),
        ]
      : []),
  ];
}

const dueText = ({ name, since }: Due): string => `${name} (${since.toISOString().slice(0, 16)}Z)`;

const namesOf = (names: readonly string[]): string =>
  `${names.slice(0, NAMED).join(", ")}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ""}`;

async function lookAtMirrors(db: Database, clean: Clean): Promise<Finding | Finding[]> {
  const mirrors = await mirrorStatus(db.drizzle, db.schema);
  const findings = mirrors.flatMap(({ mirror, state, reason, triggerFaults, faults }): Finding[] => [
    ...triggerFaults.map((fault) =>
      problem(
        `The mirror ${mirror} misses changes: ${fault}.`,
        "Correct that, install its mapping file again with `commonwork connect install`, then `commonwork connect verify --repair`.",
      ),
    ),
    ...(state === "stopped"
      ? [
          problem(
            `The mirror ${mirror} is stopped: ${clean(reason ?? "no reason was stored")}.`,
            "docs/connect.md says what to do for each reason.",
          ),
        ]
      : []),
    ...(faults > 0
      ? [
          warning(
            `${faults} rows of the host do not fit the mirror ${mirror}.`,
            "The table `mirror_faults` has their keys and the constraints.",
          ),
        ]
      : []),
  ]);
  if (findings.length > 0) return findings;
  return ok(mirrors.length === 0 ? "none is installed" : `${mirrors.length} installed, none stopped`);
}
