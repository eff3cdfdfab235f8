import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { idField } from "../../../ids.ts";
import { type DecidedDelivery, decideAll } from "../../../notifications/decide.ts";
import { NOTIFICATION_TYPES } from "../../../notifications/index.ts";
import { EVENT_COLUMNS, type EventRow, readEvents } from "../../../notifications/read-events.ts";
import { recordDeliveries } from "../../../notifications/record.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type JobContext, type Remark } from "../../../queues/job.ts";
import { done, type Outcome, skipped } from "../../../queues/outcome.ts";
import { askSubscribers, SUBSCRIBERS } from "../../subscribers.ts";
import { emailInstant } from "../email/email-instant.ts";

/** Events of one transaction: it has to end within its time limit, whatever a group of entries asks for. */
const EVENTS_AT_ONCE = 4_000;
/** Events of one entry, here as in the trigger (drizzle/0001_rules.sql). */
export const EVENTS_PER_ENTRY = 100;

const payload = z.object({
  eventIds: z.array(idField()).min(1).describe("ids of domain events, in their order"),
});
type Asked = z.output<typeof payload>;

/** The trigger names its entries likewise: `17`, or `17..42` for the events of a statement. */
const keyOf = ({ eventIds }: Asked): string =>
  eventIds.length === 1 ? `${eventIds[0]}` : `${eventIds[0]}..${eventIds.at(-1)}`;

/**
 * Turns events into decisions: one for each event, recipient and channel. What is shown in the app is written with them; e-mail waits
 * for its own jobs. All in one transaction, so that an event has all that follows from it, or is still due.
 */
export const notifyFanOut = defineJob({
  name: "notify-fan-out",
  queue: "notifications",
  description: "Decides who is told of domain events, over which channel and when, and shows it in the app.",
  payload,
  key: keyOf,
  batch: { size: 200 },
  runBatch: async (asked, context) => {
    const [alone] = asked;
    if (asked.length === 1 && alone && context.attempt > 1 && alone.eventIds.length > 1) {
      return [await splitUp(context.tx, alone)];
    }
    return tell(asked, context);
  },
});

/** One event of an entry may be the reason for which it failed: each gets an entry of its own, and all but that one are told. */
async function splitUp(tx: Tx, { eventIds }: Asked): Promise<Outcome> {
  await enqueueMany(
    tx,
    notifyFanOut,
    eventIds.map((id) => ({ eventIds: [id] })),
  );
  return done({ split: eventIds.length });
}

async function tell(asked: readonly Asked[], { tx, now, settings, remark }: JobContext): Promise<Outcome[]> {
  const [inTurn, later] = takeTurns(asked);
  await enqueueMany(tx, notifyFanOut, later);
  const claimed = await claimEvents(tx, inTurn.flat(), now);
  const { told, rejected } = await readEvents(tx, claimed);
  const decided = await decideAll(tx, told, { settings, now });
  if (remark) for (const one of decided) remark(remarkOn(one));
  await recordDeliveries(tx, decided, now);
  await reject(tx, rejected);
  await askSubscribers(tx, claimed);
  const urgent = decided.find(({ channel, decision }) => channel === "email" && decision.kind === "now");
  if (urgent) await enqueue(tx, emailInstant, { after: urgent.event.id });
  return outcomesOf(inTurn, claimed, { decided, told: new Set(told.map(({ event }) => event.id)) });
}

/** As many events as one transaction takes, entry by entry; the others are asked for again, in entries of the usual size. */
function takeTurns(asked: readonly Asked[]): [inTurn: string[][], later: Asked[]] {
  const inTurn: string[][] = [];
  const later: string[] = [];
  let taken = 0;
  for (const { eventIds } of asked) {
    const room = Math.max(0, EVENTS_AT_ONCE - taken);
    inTurn.push(eventIds.slice(0, room));
    later.push(...eventIds.slice(room));
    taken += Math.min(room, eventIds.length);
  }
  const entries: Asked[] = [];
  for (let i = 0; i < later.length; i += EVENTS_PER_ENTRY)
    entries.push({ eventIds: later.slice(i, i + EVENTS_PER_ENTRY) });
  return [inTurn, entries];
}

const KNOWN = [
  ...NOTIFICATION_TYPES.map(({ event }) => event.type),
  ...SUBSCRIBERS.map(({ eventType }) => eventType),
];

/** Claims and reads events: of two transactions that hold the same one, the second waits here, and then passes it over. */
function claimEvents(tx: Tx, eventIds: readonly string[], now: Date): Promise<EventRow[]> {
  return rows<EventRow>(
    tx,
    sql`with claimed as (
          insert into event_outcomes (event_id, outcome, decided_at)
          select id, case when event_type = any(${array(KNOWN)}::text[]) then 'told' else 'ignored' end, ${now}::timestamptz
          from domain_events where id = any(${array(eventIds)}::bigint[]) order by id
          on conflict (event_id) do nothing returning event_id)
        select ${EVENT_COLUMNS} from domain_events d
        where d.id = any(${array(eventIds)}::bigint[]) and d.id in (select event_id from claimed) order by d.id`,
  );
}

async function reject(tx: Tx, rejected: readonly { id: string; reason: string }[]): Promise<void> {
  if (rejected.length === 0) return;
  await tx.execute(
    sql`update event_outcomes o set outcome = 'rejected', reason = r.reason
        from jsonb_to_recordset(${JSON.stringify(rejected)}::jsonb) as r(id bigint, reason text) where o.event_id = r.id`,
  );
}

/** What a decision is counted as, with the rule that skipped it. */
const nameOf = (channel: DecidedDelivery["channel"], decision: DecidedDelivery["decision"]): string => {
  if (decision.kind === "skipped") return `${channel} skipped: ${decision.reason}`;
  return channel === "in_app" ? "shown" : `e-mail ${decision.kind}`;
};

/** Who gets what and why not, by ids: for a dry run. */
function remarkOn({ event, userId, channel, decision }: DecidedDelivery): Remark {
  const why = decision.reason === null ? "" : ` (${decision.reason})`;
  const said = decision.kind === "skipped" ? "not told" : channel === "in_app" ? "shown" : decision.kind;
  return { about: `event ${event.id}, ${event.type}: user ${userId}, ${channel}`, decision: `${said}${why}` };
}

function outcomesOf(
  inTurn: readonly (readonly string[])[],
  claimed: readonly EventRow[],
  { decided, told }: { readonly decided: readonly DecidedDelivery[]; readonly told: ReadonlySet<string> },
): Outcome[] {
  const claimedIds = new Set(claimed.map(({ id }) => id));
  const decisions = new Map<string, Record<string, number>>();
  for (const { event, channel, decision } of decided) {
    const counts = decisions.get(event.id) ?? {};
    const name = nameOf(channel, decision);
    counts[name] = (counts[name] ?? 0) + 1;
    decisions.set(event.id, counts);
  }
  return inTurn.map((eventIds) => {
    if (eventIds.length === 0) return done({ postponed: 1 });
    const mine = eventIds.filter((id) => claimedIds.has(id));
    if (mine.length === 0) return skipped("no such event, or it has been told");
    const counts: Record<string, number> = { events: mine.length };
    const untold = mine.filter((id) => !told.has(id)).length;
    if (untold > 0) counts["ignored or rejected"] = untold;
    for (const id of mine)
      for (const [name, n] of Object.entries(decisions.get(id) ?? {})) counts[name] = (counts[name] ?? 0) + n;
    return done(counts);
  });
}
