import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import type { DecisionLine } from "../notifications/decision-log.ts";
import type { Outlook } from "../notifications/describe-decision.ts";
import { readUserPreferences } from "../notifications/user-preferences.ts";
import { userZone, type ZoneContext } from "../notifications/user-zone.ts";
import { listPauses } from "../queues/job-pauses.ts";
import type { QuietHours } from "../scoring/local-time.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import { type DigestTimes, digestWindow } from "./render/windows.ts";

/** The job that hands e-mail to the mailer. */
const SENDER = "send-emails";
/** A weekly digest is at most this far away, and a day more for quiet hours. */
const HORIZON_MS = 8 * 86_400_000;
/** The digest jobs run this often. */
const TICK_MS = 15 * 60_000;

/** The facts that decide when a user gets digests. */
export type DigestHabits = {
  readonly zone: string;
  readonly quiet: QuietHours | null;
  readonly times: DigestTimes;
  /** The starts of the windows of the digests of a cadence that the user got lately. */
  readonly had: readonly Date[];
};

/**
 * When the digest opens that takes a delivery, if nothing changes: the first window from now on that began
 * after the decision, in a period without a digest. In the past if it is open now; null if there is none in
 * the days to come.
 */
export function nextDigest(
  cadence: DigestCadence,
  decidedAt: Date,
  { zone, quiet, times, had }: DigestHabits,
  now: Date,
): Date | null {
  for (let at = now.getTime(); at < now.getTime() + HORIZON_MS; ) {
    const window = digestWindow(cadence, zone, new Date(at), quiet, times);
    if (window === null) {
      at = nextTick(at);
      continue;
    }
    const { from, to } = window.period;
    if (window.start > decidedAt && !had.some((start) => start >= from && start < to)) return window.start;
    at = Math.max(nextTick(at), window.end.getTime());
  }
  return null;
}

const nextTick = (ms: number): number => (Math.floor(ms / TICK_MS) + 1) * TICK_MS;

type Habits = { zone: string | null; changedAt: string | null; had: { kind: DigestCadence; at: string }[] };

/** When a user's waiting e-mail will be sent, if that is known. */
export async function readOutlook(
  on: Queryable,
  userId: string,
  now: Date,
  zones: ZoneContext,
): Promise<(line: Pick<DecisionLine, "cadence" | "decidedAt">) => Outlook> {
  const [found, { quiet, digestHour, digestDay }, pauses] = await Promise.all([
    readHabits(on, userId, now),
    readUserPreferences(on, userId),
    listPauses(on),
  ]);
  const zone = userZone(found.zone, zones);
  const changedAt = found.changedAt === null ? null : new Date(found.changedAt);
  const times = { hour: digestHour, day: digestDay, changedAt };
  const until = pauses.find(({ job }) => job === SENDER)?.until;
  const sendingPausedUntil = until === undefined ? null : new Date(until);
  return ({ cadence, decidedAt }) => {
    if (cadence === null) return { zone, digestAt: null, sendingPausedUntil };
    const had = found.had.flatMap(({ kind, at }) => (kind === cadence ? [new Date(at)] : []));
    const digestAt = nextDigest(cadence, decidedAt, { zone, quiet, times, had }, now);
    return { zone, digestAt, sendingPausedUntil };
  };
}

async function readHabits(on: Queryable, userId: string, now: Date): Promise<Habits> {
  const [found] = await rows<Habits>(
    on,
    sql`select u.time_zone as zone, s.digest_changed_at as "changedAt",
               (select coalesce(jsonb_agg(jsonb_build_object('kind', g.kind, 'at', g.window_start)), '[]')
                from email_digests g
                where g.user_id = u.id and g.window_start > ${now}::timestamptz - interval '8 days') as had
        from users u left join user_notification_settings s on s.user_id = u.id where u.id = ${userId}`,
  );
  return found ?? { zone: null, changedAt: null, had: [] };
}
