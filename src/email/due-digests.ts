import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isNudge, nudgeEmailTimes } from "../notifications/nudge-emails.ts";
import { userZone, type ZoneContext } from "../notifications/user-zone.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import { countNudges, decideNudgeDigest, type NudgeCapPolicy } from "../scoring/notifications/nudge-cap.ts";
import type { EmailContent } from "./create-mailings.ts";
import { DEFAULT_TIMES, type DigestWindow, digestWindow } from "./render/windows.ts";

/** Deliveries `d` that wait for a digest of this cadence. */
const isWaiting = (cadence: DigestCadence, now: Date) => sql`
  d.channel = 'email' and d.decision = 'digested' and d.digest_id is null and d.status = 'pending' and d.cadence = ${cadence}
  and (d.not_before is null or d.not_before <= ${now}::timestamptz)`;

/**
 * The zone and the hours of users, as stored; "" and -1 if they have none. `changedMs`: when they changed the
 * times of digests, if that may have been today.
 */
type Hours = {
  readonly zone: string;
  readonly quietFrom: number;
  readonly quietTo: number;
  readonly hour: number;
  readonly day: number;
  readonly changedMs: number;
};

const hoursAt = (now: Date) => sql`
  coalesce(u.time_zone, ''), coalesce(s.quiet_from, -1), coalesce(s.quiet_to, -1),
  coalesce(s.digest_hour, ${DEFAULT_TIMES.hour}), coalesce(s.digest_day, ${DEFAULT_TIMES.day}),
  coalesce(case when s.digest_changed_at between ${now}::timestamptz - interval '26 hours' and ${now}::timestamptz
                then (extract(epoch from s.digest_changed_at) * 1000)::float8 end, -1)`;

/** Users with the same hours, for whom a window is open. `known`: a valid zone for theirs. */
type OpenWindow = Hours & Pick<DigestWindow, "start" | "period"> & { readonly known: string };
type OpenedDigest = { readonly id: string; readonly userId: string };

type Options = ZoneContext & {
  /** At most this many digests per call. */
  readonly limit: number;
  readonly cap: Pick<NudgeCapPolicy, "perDay" | "perWeek">;
};

/**
 * Opens the digests that are due and assigns their deliveries to them. A digest is due when the user's window
 * has opened, a delivery was decided before it opened, and the user has had no digest in its period. A digest
 * takes all waiting deliveries of its user: they are never split.
 *
 * Nudges do not count in a digest that is sent anyway. A digest of nothing but nudges counts as one nudge
 * e-mail (decideNudgeDigest): it is opened if the cap allows, else its deliveries are held. Held deliveries
 * join a later digest, but are no reason to open one.
 */
export async function openDueDigests(
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  options: Options,
): Promise<{ readonly digests: readonly EmailContent[]; readonly items: number }> {
  const windows = await openWindows(tx, cadence, now, options);
  if (windows.length === 0) return { digests: [], items: 0 };
  const opened = await openDigests(tx, cadence, now, windows, options);
  const itemCounts = await assignDeliveries(tx, cadence, now, opened);
  // A digest is empty if a concurrent transaction took its deliveries: no e-mail.
  const digests = opened
    .filter(({ id }) => itemCounts.has(id))
    .map(({ id, userId }) => ({ userId, deliveryId: null, digestId: id }));
  return { digests, items: [...itemCounts.values()].reduce((sum, items) => sum + items, 0) };
}

/**
 * The windows that are open now for users with waiting deliveries. Local times are computed here alone: names
 * of zones that Postgres does not know must not fail the statement for everybody.
 */
async function openWindows(
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  zones: ZoneContext,
): Promise<OpenWindow[]> {
  const found = await rows<Hours>(
    tx,
    sql`select distinct * from (
          select ${hoursAt(now)} from users u left join user_notification_settings s on s.user_id = u.id
          where exists (select 1 from deliveries d where d.user_id = u.id and ${isWaiting(cadence, now)}))
          as h(zone, "quietFrom", "quietTo", hour, day, "changedMs")`,
  );
  return found.flatMap((hours) => {
    const { zone, quietFrom, quietTo, hour, day, changedMs } = hours;
    const known = userZone(zone, zones);
    const quiet = quietFrom < 0 ? null : { from: quietFrom, to: quietTo };
    const times = { hour, day, changedAt: changedMs < 0 ? null : new Date(changedMs) };
    const window = digestWindow(cadence, known, now, quiet, times);
    return window === null ? [] : [{ ...hours, known, start: window.start, period: window.period }];
  });
}

const HOUR_MS = 3_600_000;
const HOURS_OF_DAY = 24;

/** Deliveries that wait for hourly digests, and when the first of these will be sent. */
type NextDigest = { readonly waiting: number; readonly at: Date | null };

/** When the next hourly digest will be due; `at` null: not within a day. */
export async function nextHourlyDigest(tx: Tx, now: Date, zones: ZoneContext): Promise<NextDigest> {
  const found = await rows<Pick<Hours, "zone" | "quietFrom" | "quietTo"> & { readonly waiting: number }>(
    tx,
    sql`select coalesce(u.time_zone, '') as zone, coalesce(s.quiet_from, -1) as "quietFrom", coalesce(s.quiet_to, -1) as "quietTo",
               count(*)::int as waiting
        from deliveries d join users u on u.id = d.user_id left join user_notification_settings s on s.user_id = d.user_id
        where ${isWaiting("hourly", now)} group by 1, 2, 3`,
  );
  const users = found.map(({ zone, quietFrom, quietTo }) => ({
    zone: userZone(zone, zones),
    quiet: quietFrom < 0 ? null : { from: quietFrom, to: quietTo },
  }));
  const startsAfter = (at: Date): number[] =>
    users.flatMap(({ zone, quiet }) => {
      const start = digestWindow("hourly", zone, at, quiet)?.start.getTime() ?? 0;
      return start > now.getTime() ? [start] : [];
    });
  const waiting = found.reduce((sum, one) => sum + one.waiting, 0);
  for (let hours = 1; waiting > 0 && hours <= HOURS_OF_DAY; hours++) {
    const starts = startsAfter(new Date(now.getTime() + hours * HOUR_MS));
    if (starts.length > 0) return { waiting, at: new Date(Math.min(...starts)) };
  }
  return { waiting, at: null };
}

/** A digest that could be opened, with its waiting deliveries and the recent nudge e-mails of its user. */
type DueDigest = {
  readonly userId: string;
  readonly start: string;
  readonly zone: string;
  readonly nudges: number;
  readonly others: number;
  /** Empty where others wait: then it is not needed. */
  readonly nudgedAt: readonly string[];
};

/** Inserts the digests that are due, and holds nudges that the cap does not allow. */
async function openDigests(
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  windows: readonly OpenWindow[],
  { limit, cap }: Options,
): Promise<OpenedDigest[]> {
  const due = await findDueDigests(tx, cadence, now, windows, limit);
  const isAllowed = ({ nudges, others, nudgedAt, zone }: DueDigest): boolean => {
    const countedAt = nudgedAt.map((at) => new Date(at));
    const counts = countNudges({ timeZone: zone, countedAt }, now);
    return decideNudgeDigest({ nudges, others }, counts, cap).kind === "send";
  };
  const [allowed, held] = partition(due, isAllowed);
  await holdNudges(tx, cadence, now, held);
  if (allowed.length === 0) return [];
  return rows<OpenedDigest>(
    tx,
    sql`insert into email_digests (user_id, kind, window_start, created_at)
        select due.user_id, ${cadence}, due.start, ${now}::timestamptz
        from unnest(${array(allowed.map(({ userId }) => userId))}::bigint[], ${array(allowed.map(({ start }) => start))}::timestamptz[])
          as due(user_id, start)
        order by due.user_id
        on conflict do nothing
        returning id, user_id as "userId"`,
  );
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  const parts: [T[], T[]] = [[], []];
  for (const item of items) parts[belongs(item) ? 0 : 1].push(item);
  return parts;
}

/** The open windows as a table. */
function asTable(windows: readonly OpenWindow[]) {
  const column = <T>(read: (window: OpenWindow) => T) => array(windows.map(read));
  return sql`unnest(
      ${column(({ zone }) => zone)}::text[], ${column(({ quietFrom }) => quietFrom)}::int[], ${column(({ quietTo }) => quietTo)}::int[],
      ${column(({ hour }) => hour)}::int[], ${column(({ day }) => day)}::int[], ${column(({ changedMs }) => changedMs)}::float8[],
      ${column(({ known }) => known)}::text[], ${column(({ start }) => start)}::timestamptz[],
      ${column(({ period }) => period.from)}::timestamptz[], ${column(({ period }) => period.to)}::timestamptz[])
    as w(zone, quiet_from, quiet_to, hour, day, changed_ms, known, start, period_from, period_to)`;
}

const findDueDigests = (
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  windows: readonly OpenWindow[],
  limit: number,
): Promise<DueDigest[]> =>
  rows<DueDigest>(
    tx,
    sql`with waits as materialized (
          select d.user_id, w.start, w.known, count(*) filter (where ${isNudge(sql`d.event_type`)})::int as nudges,
                 count(*) filter (where not ${isNudge(sql`d.event_type`)})::int as others
          from deliveries d
          join users u on u.id = d.user_id
          left join user_notification_settings s on s.user_id = d.user_id
          join ${asTable(windows)} on (w.zone, w.quiet_from, w.quiet_to, w.hour, w.day, w.changed_ms) = (${hoursAt(now)})
          where ${isWaiting(cadence, now)} and d.decided_at < w.start
            and not exists (select 1 from email_digests g
                            where g.user_id = d.user_id and g.kind = ${cadence}
                              and g.window_start >= w.period_from and g.window_start < w.period_to)
          group by d.user_id, w.start, w.known
          having bool_or(d.reason is distinct from 'nudge-cap')
          order by d.user_id limit ${limit})
        select w.user_id as "userId", w.start, w.known as zone, w.nudges, w.others,
               case when w.others = 0 then ${nudgeEmailTimes(sql`w.user_id`, now)} else '[]' end as "nudgedAt"
        from waits w order by w.user_id`,
  );

/** Held deliveries join a later digest, but are no reason to open one. */
async function holdNudges(
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  held: readonly DueDigest[],
): Promise<void> {
  if (held.length === 0) return;
  await tx.execute(
    sql`update deliveries d set reason = 'nudge-cap'
        from unnest(${array(held.map(({ userId }) => userId))}::bigint[], ${array(held.map(({ start }) => start))}::timestamptz[])
          as due(user_id, start)
        where d.user_id = due.user_id and ${isWaiting(cadence, now)} and d.decided_at < due.start`,
  );
}

/** Assigns the waiting deliveries to the opened digests. @returns the number of deliveries by digest. */
async function assignDeliveries(
  tx: Tx,
  cadence: DigestCadence,
  now: Date,
  opened: readonly OpenedDigest[],
): Promise<Map<string, number>> {
  const assigned = await rows<{ digestId: string; items: number }>(
    tx,
    sql`with taken as (
          update deliveries d set digest_id = g.id from email_digests g
          where g.id = any(${array(opened.map(({ id }) => id))}::bigint[]) and d.user_id = g.user_id
            and ${isWaiting(cadence, now)} and d.decided_at < g.window_start
          returning d.digest_id)
        select digest_id as "digestId", count(*)::int as items from taken group by digest_id`,
  );
  return new Map(assigned.map(({ digestId, items }) => [digestId, items]));
}
