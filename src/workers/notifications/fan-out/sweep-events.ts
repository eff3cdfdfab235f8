import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { idField } from "../../../ids.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { EVENTS_PER_ENTRY, notifyFanOut } from "./notify-fan-out.ts";

/** With more entries waiting there is no use in looking for events that have none: all of them wait. */
const MAX_ENTRIES = 5_000;
/** Events that one page looks at, and pages of one round. */
const PAGE = 20_000;
const PAGES = 10;

/**
 * The safety net of the trigger: events that have neither an outcome nor an entry, because they were loaded while triggers were off.
 * Every event is looked at, whatever its age. An entry that is dead waits for an operator and is left alone.
 */
export const sweepEvents = defineJob({
  name: "sweep-events",
  queue: "notifications",
  description: "Finds domain events that nothing was made of and that nobody asked for, and has them told.",
  payload: z.object({
    from: idField()
      .optional()
      .describe("look again at every event from this id on; default: at those that came since the last time"),
  }),
  key: ({ from }) => from ?? "new",
  run: async ({ from }, { tx }) => {
    const state = await lockState(tx);
    const [waiting] = await rows<{ n: number }>(
      tx,
      sql`select count(*)::int as n from (select 1 from outbox where job = ${notifyFanOut.name} limit ${MAX_ENTRIES + 1}) e`,
    );
    if ((waiting?.n ?? 0) > MAX_ENTRIES) return skipped(`more than ${MAX_ENTRIES} entries wait`);
    const start = from === undefined ? BigInt(state.through) : BigInt(from) - 1n;
    const looked = await lookFrom(tx, start);
    const forgotten = await withoutEntry(tx, looked.untold);
    await ask(tx, forgotten);
    if (start <= BigInt(state.through)) await moveOn(tx, looked.through);
    // What lies beyond the last page is looked at right after this.
    if (looked.through !== null)
      await enqueue(tx, sweepEvents, { from: String(BigInt(looked.through) + 1n) });
    return forgotten.length > 0
      ? done({ found: forgotten.length })
      : skipped("every event has its outcome or its entry");
  },
});

type State = { through: string };

/** One sweep at a time: two would ask for the same events in different groups. */
async function lockState(tx: Tx): Promise<State> {
  const [state] = await rows<State>(tx, sql`select through from event_sweep for update`);
  if (!state) throw new Error("event_sweep has lost its row.");
  return state;
}

/** `through` is the last event that was looked at; null when that was the last one there is. */
type Looked = { readonly untold: readonly string[]; readonly through: string | null };

/** Goes page by page, each by the index: events without an outcome. */
async function lookFrom(tx: Tx, start: bigint): Promise<Looked> {
  const untold: string[] = [];
  let after = String(start);
  for (let page = 0; page < PAGES; page++) {
    const [looked] = await rows<{ n: number; last: string | null; untold: string[] | null }>(
      tx,
      sql`select count(*)::int as n, max(p.id) as last,
                 array_agg(p.id::text order by p.id) filter (where o.event_id is null) as untold
          from (select id from domain_events where id > ${after} order by id limit ${PAGE}) p
          left join event_outcomes o on o.event_id = p.id`,
    );
    untold.push(...(looked?.untold ?? []));
    if (!looked?.last || looked.n < PAGE) return { untold, through: null };
    after = looked.last;
  }
  return { untold, through: after };
}

/** Those that no entry asks for, dead ones included. One that is told meanwhile is asked for in vain, and passed over. */
async function withoutEntry(tx: Tx, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from unnest(${array(ids)}::bigint[]) as u(id)
        except
        select (jsonb_array_elements_text(payload->'eventIds'))::bigint from outbox where job = ${notifyFanOut.name}
        order by id`,
  );
  return found.map(({ id }) => id);
}

async function ask(tx: Tx, ids: readonly string[]): Promise<void> {
  const entries: { eventIds: string[] }[] = [];
  for (let i = 0; i < ids.length; i += EVENTS_PER_ENTRY)
    entries.push({ eventIds: ids.slice(i, i + EVENTS_PER_ENTRY) });
  await enqueueMany(tx, notifyFanOut, entries);
}

/**
 * Notes up to where every event has been looked at for good. It takes three looks: at the first an id has been drawn; at the second
 * whoever drew it has begun to write, and the transactions under way are noted; once those have ended, nothing can appear any more
 * before it.
 *
 * @param looked the last event that was looked at; null when that was the last one there is.
 */
async function moveOn(tx: Tx, looked: string | null): Promise<void> {
  await tx.execute(
    sql`update event_sweep s set
          through = case when e.ended then greatest(s.through, least(s.horizon, e.looked)) else s.through end,
          horizon = case when e.ended and e.looked >= s.horizon then s.seen else s.horizon end,
          horizon_xid = case when e.ended and e.looked >= s.horizon then pg_snapshot_xmax(pg_current_snapshot())::text
                             else s.horizon_xid end,
          seen = greatest(s.seen, (select last_value from domain_events_id_seq where is_called),
                          (select max(id) from domain_events))
        from (select one, coalesce(${looked}::bigint, 9223372036854775807) as looked,
                     horizon_xid is null or pg_snapshot_xmin(pg_current_snapshot()) >= horizon_xid::xid8 as ended
              from event_sweep) e
        where s.one = e.one`,
  );
}
