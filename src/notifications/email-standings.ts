import { sql } from "drizzle-orm";
import { lockKey } from "../db/schema-keys.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { DigestCadence } from "../scoring/notifications/notify-decision.ts";
import type { WaitingDigest } from "../scoring/notifications/nudge-cap.ts";
import { nudgeEmailTimes, type WaitingNudges, waitingDigests } from "./nudge-emails.ts";
import { notificationTypeOf } from "./type-of-event.ts";

/** The facts that limit the e-mail of a user. */
export type EmailStanding = {
  /**
   * E-mails sent alone in the last hour, or that will be; must-send ones are not counted. One that quiet
   * hours defer counts for an hour from their end.
   */
  readonly letThrough: number;
  /** When nudge e-mails of the last days were sent, or will be. */
  readonly nudgedAt: readonly Date[];
  /** The items that wait for a digest, by cadence. */
  readonly waiting: Readonly<Partial<Record<DigestCadence, WaitingDigest>>>;
};

export const NO_EMAIL_YET: EmailStanding = {
  letThrough: 0,
  nudgedAt: [],
  waiting: {},
};

type StandingRow = Pick<EmailStanding, "letThrough"> & {
  userId: string;
  nudgedAt: string[];
  waiting: WaitingNudges[];
};

/** Users share this many advisory locks: one lock per user could exceed what the server holds. */
const LOCKS = 256;
const LOCK = sql.raw(lockKey("email-of-users", "l"));

/**
 * Reads the facts that limit the e-mail of users. Locks the users until the transaction ends: otherwise two
 * transactions could both let the last e-mail of an hour through.
 *
 * @param users by id; `nudged`: a nudge is decided for the user, so the limits of nudges are read as well.
 */
export async function readEmailStandings(
  tx: Tx,
  users: ReadonlyMap<string, { readonly nudged: boolean }>,
  now: Date,
): Promise<Map<string, EmailStanding>> {
  if (users.size === 0) return new Map();
  const ids = [...users.keys()];
  const nudged = [...users.values()].map((one) => one.nudged);
  await lockUsers(tx, ids);
  const found = await rows<StandingRow>(
    tx,
    sql`select u.id as "userId",
          (select count(*)::int from deliveries d
           where d.user_id = u.id and d.channel = 'email' and d.decision in ('now', 'deferred')
             and d.reason is distinct from 'must-send' and d.decided_at > ${now}::timestamptz - interval '26 hours'
             and greatest(d.decided_at, d.not_before) > ${now}::timestamptz - interval '1 hour') as "letThrough",
          case when u.nudged then ${nudgeEmailTimes(sql`u.id`, now)} else '[]' end as "nudgedAt",
          case when u.nudged then ${waitingDigests(sql`u.id`)} else '[]' end as waiting
        from unnest(${array(ids)}::bigint[], ${array(nudged)}::boolean[]) as u(id, nudged)`,
  );
  return new Map(found.map((row) => [row.userId, standingOf(row)]));
}

const standingOf = ({ letThrough, nudgedAt, waiting }: StandingRow): EmailStanding => ({
  letThrough,
  nudgedAt: nudgedAt.map((at) => new Date(at)),
  waiting: Object.fromEntries(
    waiting.map(({ cadence, others, nudges }) => [
      cadence,
      {
        others,
        nudges: nudges.flatMap(({ eventId: id, eventType }) => {
          const kind = notificationTypeOf(eventType)?.nudge;
          return kind ? [{ id, kind }] : [];
        }),
      },
    ]),
  ),
});

/** Takes the locks in one order, so that two transactions cannot deadlock. */
async function lockUsers(tx: Tx, ids: readonly string[]): Promise<void> {
  const locks = [...new Set(ids.map((id) => Number(BigInt(id) % BigInt(LOCKS))))].sort((a, b) => a - b);
  await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}) from unnest(${array(locks)}::int[]) as l`);
}
