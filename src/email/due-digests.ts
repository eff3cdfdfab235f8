import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { isNudge, nudgeCounts } from "../notifications/nudges.ts";
import type { NudgeCapPolicy } from "../scoring/notifications/nudge-cap.ts";
import type { Content } from "./create-mailings.ts";
import type { DigestKind } from "./render/digest.ts";
import { digestWindow, zoneOf } from "./render/windows.ts";

/** What of a delivery waits for a digest of a kind. */
const waiting = (kind: DigestKind, now: Date) => sql`
  d.channel = 'email' and d.decision = 'digested' and d.digest_id is null and d.status = 'pending' and d.cadence = ${kind}
  and (d.not_before is null or d.not_before <= ${now}::timestamptz)`;

type Cap = Pick<NudgeCapPolicy, "perDay" | "perWeek">;

type OpenZone = { readonly zone: string | null; readonly known: string; readonly start: Date };

/**
 * Opens the digests that are due: of users whose window has opened, for whom something was decided before it, and who have none for it.
 * All that waits for a user is claimed at once, whole: no e-mail holds a part of it. Who has quiet hours now is left for a later window.
 *
 * Nudges are free in a digest that goes anyway. One of nothing but nudges is a nudge e-mail (decideNudgeDigest): it goes where the cap
 * leaves room, or else all of it is held back. What was held back rides along later, and opens none.
 *
 * @param options `limit`: so many users at most, ask again when there were so many; `otherZone`: where users live who named no zone.
 */
export async function openDueDigests(
  tx: Tx,
  kind: DigestKind,
  now: Date,
  { limit, otherZone, cap }: { readonly limit: number; readonly otherZone: string; readonly cap: Cap },
): Promise<{ readonly digests: readonly Content[]; readonly items: number }> {
  const zones = await openZones(tx, kind, now, otherZone);
  if (zones.length === 0) return { digests: [], items: 0 };
  const opened = await rows<{ id: string; userId: string }>(
    tx,
    sql`with waits as materialized (
          select d.user_id, w.start, w.known, bool_or(not ${isNudge(sql`d.event_type`)}) as others
          from deliveries d
          join users u on u.id = d.user_id
          join unnest(${array(zones.map(({ zone }) => zone))}::text[], ${array(zones.map(({ known }) => known))}::text[],
                      ${array(zones.map(({ start }) => start))}::timestamptz[]) as w(zone, known, start)
            on w.zone is not distinct from u.time_zone
          left join user_notification_settings s on s.user_id = d.user_id
          cross join lateral (select extract(hour from ${now}::timestamptz at time zone w.known) * 60
                                   + extract(minute from ${now}::timestamptz at time zone w.known) as minute) clock
          where ${waiting(kind, now)} and d.decided_at < w.start
            and not coalesce(case when s.quiet_from <= s.quiet_to then clock.minute >= s.quiet_from and clock.minute < s.quiet_to
                                  else clock.minute >= s.quiet_from or clock.minute < s.quiet_to end, false)
            and not exists (select 1 from email_digests g
                            where g.user_id = d.user_id and g.kind = ${kind} and g.window_start = w.start)
          group by d.user_id, w.start, w.known
          having bool_or(d.reason is distinct from 'nudge-cap')
          order by d.user_id limit ${limit}),
        due as materialized (
          select w.user_id, w.start, w.others or (n.today < ${cap.perDay}::int and n.week < ${cap.perWeek}::int) as goes
          from waits w cross join lateral (${nudgeCounts(sql`w.user_id`, sql`w.known`, now)}) n),
        held as (
          update deliveries d set reason = 'nudge-cap' from due
          where not due.goes and d.user_id = due.user_id and ${waiting(kind, now)} and d.decided_at < due.start)
        insert into email_digests (user_id, kind, window_start, created_at)
        select due.user_id, ${kind}, due.start, ${now}::timestamptz from due where due.goes order by due.user_id
        on conflict do nothing
        returning id, user_id as "userId"`,
  );
  const claimed = await rows<{ digestId: string; items: number }>(
    tx,
    sql`with taken as (
          update deliveries d set digest_id = g.id from email_digests g
          where g.id = any(${array(opened.map(({ id }) => id))}::bigint[]) and d.user_id = g.user_id
            and ${waiting(kind, now)} and d.decided_at < g.window_start
          returning d.digest_id)
        select digest_id as "digestId", count(*)::int as items from taken group by digest_id`,
  );
  const full = new Map(claimed.map(({ digestId, items }) => [digestId, items]));
  // A digest whose items were taken by somebody else meanwhile stands for nothing: no e-mail.
  const digests = opened
    .filter(({ id }) => full.has(id))
    .map(({ id, userId }) => ({ userId, deliveryId: null, digestId: id }));
  return { digests, items: claimed.reduce((sum, { items }) => sum + items, 0) };
}

/** The zones in which somebody waits and a window is open, with its start. Never the zone of the machine. */
async function openZones(tx: Tx, kind: DigestKind, now: Date, otherZone: string): Promise<OpenZone[]> {
  const found = await rows<{ zone: string | null }>(
    tx,
    sql`select distinct u.time_zone as zone from users u
        where exists (select 1 from deliveries d where d.user_id = u.id and ${waiting(kind, now)})`,
  );
  return found.flatMap(({ zone }) => {
    const known = zoneOf(zone, otherZone);
    const window = digestWindow(kind, known, now);
    return window === null ? [] : [{ zone, known, start: window.start }];
  });
}
