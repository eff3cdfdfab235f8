import { sql } from "drizzle-orm";
import { z } from "zod";
import { lockKey } from "../../../db/schema-keys.ts";
import { rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { idField, ownIdField } from "../../../ids.ts";
import { countsOf } from "../../../notifications/describe-delivery.ts";
import { findRecipientsInRange } from "../../../notifications/find-recipients.ts";
import type { Notifiable } from "../../../notifications/notification-type.ts";
import { loadEvents, readEvents } from "../../../notifications/read-events.ts";
import { cutRecipients } from "../../../notifications/read-recipients.ts";
import { defineJob } from "../../../queues/job.ts";
import { addTo, done, skipped } from "../../../queues/outcome.ts";
import { notify } from "./notify.ts";

/** Small enough that a range takes a fraction of the limit of a transaction on a slow machine. */
const RECIPIENTS_PER_RANGE = 5_000;

const RANGE_LOCK = sql.raw(lockKey("recipients-of-event", "l"));

/**
 * Handles an event that notify-fan-out has claimed and that has too many recipients for one transaction.
 * Recipients for whom it was decided before are left out, so running it again notifies nobody twice.
 */
export const notifyRecipients = defineJob({
  name: "notify-recipients",
  queue: "notifications",
  description: `Notifies the recipients of one event in ranges of ${RECIPIENTS_PER_RANGE} users.`,
  payload: z.object({ eventId: idField().describe("id of a domain event that notify-fan-out has handled") }),
  key: ({ eventId }) => eventId,
  // Each writes a row and a decision for thousands of users: more of them at a time delay sales.
  rangesPerWorker: 1,
  range: z.object({ eventId: idField(), after: ownIdField().nullable(), through: ownIdField().nullable() }),
  cut: async ({ eventId }, { tx }) => {
    const one = await claimedEvent(tx, eventId);
    if (one === null) return [];
    const ranges = await cutRecipients(tx, one.type, one.event, RECIPIENTS_PER_RANGE);
    return ranges.map((range) => ({ eventId, ...range }));
  },
  run: async (range, context) => {
    const { tx, now } = context;
    const one = await claimedEvent(tx, range.eventId);
    if (one === null) return skipped("the event is gone");
    await lockRange(tx, range.eventId, range.after);
    const decided = await notify(await findRecipientsInRange(tx, one, range, now), context);
    return done(decided.reduce((sum: Record<string, number>, group) => addTo(sum, countsOf(group)), {}));
  },
  sum: async (_payload, counts) => done(counts),
});

/**
 * Two runs for one event must not decide for the same recipients at once. Compiling the statement of a range
 * takes longer than running it.
 */
async function lockRange(tx: Tx, eventId: string, after: string | null): Promise<void> {
  await tx.execute(
    sql`select set_config('jit', 'off', true), pg_advisory_xact_lock(${RANGE_LOCK}) from (values (${`${eventId}:${after ?? ""}`})) as range(l)`,
  );
}

/** An event whose deliveries are decided; null if it does not exist, or notifies nobody. */
async function claimedEvent(tx: Tx, eventId: string): Promise<Notifiable | null> {
  const claimed = await rows(
    tx,
    sql`select 1 from event_outcomes where event_id = ${eventId} and outcome = 'decided'`,
  );
  if (claimed.length === 0) return null;
  const { notifiable } = await readEvents(tx, await loadEvents(tx, [eventId]));
  return notifiable[0] ?? null;
}
