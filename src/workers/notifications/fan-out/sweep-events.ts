import { sql } from "drizzle-orm";
import { z } from "zod";
import { array, rows } from "../../../db/statement.ts";
import type { Tx } from "../../../db/transaction.ts";
import { idField } from "../../../ids.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { fanOutEntries, notifyFanOut } from "./notify-fan-out.ts";

/**
 * With more entries waiting, the sweep is skipped: fan-out is behind, and missing entries are not the cause.
 */
const MAX_ENTRIES = 5_000;
/** Events per page, and pages per run. */
const PAGE = 20_000;
const PAGES = 10;

/**
 * The safety net of the trigger: finds events that have neither an outcome nor an entry, because they were
 * inserted with triggers disabled. It checks every event, whatever its age. A dead entry waits for an
 * operator and is left alone.
 */
export const sweepEvents = defineJob({
  name: "sweep-events",
  queue: "notifications",
  description:
    "Finds domain events that have neither an outcome nor an outbox entry, and enqueues their fan-out.",
  payload: z.object({
    from: idField()
      .optional()
      .describe("check every event from this id on again; default: those since the last sweep"),
  }),
  key: ({ from }) => from ?? "new",
  run: async ({ from }, { tx }) => {
    const state = await lockState(tx);
    const [waiting] = await rows<{ n: number }>(
      tx,
      sql`select count(*)::int as n from (select 1 from outbox where job = ${notifyFanOut.name} limit ${MAX_ENTRIES + 1}) e`,
    );
    if ((waiting?.n ?? 0) > MAX_ENTRIES) return skipped(`more than ${MAX_ENTRIES} entries are waiting`);
    const start = from === undefined ? BigInt(state.through) : BigInt(from) - 1n;
    const scanned = await scanFrom(tx, start);
    const missed = await withoutEntry(tx, scanned.undecided);
    await enqueueMany(tx, notifyFanOut, fanOutEntries(missed));
    if (start <= BigInt(state.through)) await advance(tx, scanned.through);
    // Another run continues after the last page.
    if (scanned.through !== null)
      await enqueue(tx, sweepEvents, { from: String(BigInt(scanned.through) + 1n) });
    return missed.length > 0
      ? done({ found: missed.length })
      : skipped("every event has an outcome or an entry");
  },
});

type State = { through: string };

/** One sweep at a time: two would enqueue the same events in different entries. */
async function lockState(tx: Tx): Promise<State> {
  const [state] = await rows<State>(tx, sql`select through from event_sweep for update`);
  if (!state) throw new Error("The row of event_sweep is missing.");
  return state;
}

/**
 * `undecided`: events without an outcome. `through`: the last event that was scanned; null if there are no
 * more.
 */
type Scanned = { readonly undecided: readonly string[]; readonly through: string | null };

/** Scans the events after an id, in pages. */
async function scanFrom(tx: Tx, start: bigint): Promise<Scanned> {
  const undecided: string[] = [];
  let after = String(start);
  for (let page = 0; page < PAGES; page++) {
    const [scanned] = await rows<{ n: number; last: string | null; undecided: string[] | null }>(
      tx,
      sql`select count(*)::int as n, max(p.id) as last,
                 array_agg(p.id::text order by p.id) filter (where o.event_id is null) as undecided
          from (select id from domain_events where id > ${after} order by id limit ${PAGE}) p
          left join event_outcomes o on o.event_id = p.id`,
    );
    undecided.push(...(scanned?.undecided ?? []));
    if (!scanned?.last || scanned.n < PAGE) return { undecided, through: null };
    after = scanned.last;
  }
  return { undecided, through: after };
}

/**
 * The events that are in no entry, dead ones included. One that is decided in the meantime is enqueued
 * without effect: fan-out skips it.
 */
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

/**
 * Advances the id up to which no event can appear any more (docs/decisions/0026). It takes three sweeps: the
 * first records the highest id drawn so far; the second records the running transactions, all of which may
 * still insert lower ids; once those have ended, `through` moves to that id.
 *
 * @param scanned the last event that was scanned; null if there are no more.
 */
async function advance(tx: Tx, scanned: string | null): Promise<void> {
  await tx.execute(
    sql`update event_sweep s set
          through = case when e.ended then greatest(s.through, least(s.horizon, e.scanned)) else s.through end,
          horizon = case when e.ended and e.scanned >= s.horizon then s.seen else s.horizon end,
          horizon_xid = case when e.ended and e.scanned >= s.horizon then pg_snapshot_xmax(pg_current_snapshot())::text
                             else s.horizon_xid end,
          seen = greatest(s.seen, (select last_value from domain_events_id_seq where is_called),
                          (select max(id) from domain_events))
        from (select one, coalesce(${scanned}::bigint, 9223372036854775807) as scanned,
                     horizon_xid is null or pg_snapshot_xmin(pg_current_snapshot()) >= horizon_xid::xid8 as ended
              from event_sweep) e
        where s.one = e.one`,
  );
}
