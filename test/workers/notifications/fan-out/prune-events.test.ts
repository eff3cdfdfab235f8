import { describe, expect, it } from "vitest";
import { listRuns } from "../../../../src/queues/runs.ts";
import { pruneEvents } from "../../../../src/workers/notifications/fan-out/prune-events.ts";
import { createWorld, type World, type WorldOptions } from "../../../support/world.ts";

const openWorld = (options: WorldOptions = {}) => createWorld({ at: "2028-06-02T06:00Z", ...options });

/** Inserts events that are `ages` days old, with an outcome and a receipt each. @returns their ids. */
async function decided(world: World, ages: readonly number[]): Promise<string[]> {
  const inserted = await world.query<{ id: string }>(
    `with written as (
       insert into domain_events (event_type, created_at, occurred_at)
       select 'weather_changed', t, t from unnest($1::int[]) with ordinality as a(age, n),
         lateral (select '2028-06-02T06:00Z'::timestamptz - age * interval '1 day' as t) w order by n
       returning id),
     outcomes as (insert into event_outcomes (event_id, outcome, decided_at) select id, 'decided', now() from written),
     receipts as (insert into event_receipts (external_id, event_id, inbox_id, hash) select 'e' || id, id, 1, '\\x00' from written)
     select id from written order by id`,
    [ages],
  );
  await world.query("delete from outbox");
  return inserted.map(({ id }) => id);
}

const left = async (world: World, table: string, column: string) =>
  (await world.query<{ id: string }>(`select ${column} as id from ${table} order by 1`)).map(({ id }) => id);

async function prune(world: World): Promise<Record<string, number>> {
  await world.perform(pruneEvents, {});
  await world.drain();
  const [run] = await listRuns(world.db.drizzle, { job: pruneEvents.name }, 1);
  expect(run?.status).toBe("done");
  return run!.counts;
}

describe("prune-events", () => {
  it("deletes old events with their outcomes and receipts, and nothing else", async () => {
    const world = await openWorld();
    const ids = await decided(world, [900, 401, 399, 0]);
    expect(await prune(world)).toEqual({ events: 2 });
    for (const [table, column] of [
      ["domain_events", "id"],
      ["event_outcomes", "event_id"],
      ["event_receipts", "event_id"],
    ] as const)
      expect([table, await left(world, table, column)]).toEqual([table, ids.slice(2)]);
    expect(await prune(world)).toEqual({});
  });

  it("keeps an event that nobody has decided about, however old it is", async () => {
    const world = await openWorld();
    const [undecided] = await decided(world, [900, 900]);
    await world.query("delete from event_outcomes where event_id = $1", [undecided]);
    expect(await prune(world)).toEqual({ events: 1 });
    expect(await left(world, "domain_events", "id")).toEqual([undecided]);
  });

  it("keeps an event as long as one of its notifications or deliveries", async () => {
    const world = await openWorld();
    const [shown, mailed] = await decided(world, [900, 900, 900]);
    await world.query(
      "insert into notifications (user_id, event_type, event_id, title, body, link) values (1, 'x', $1, '', '', '/')",
      [shown],
    );
    await world.query(
      "insert into deliveries (event_id, event_type, user_id, channel, decision, status) values ($1, 'x', 1, 'email', 'now', 'pending')",
      [mailed],
    );
    expect(await prune(world)).toEqual({ events: 1 });
    expect(await left(world, "domain_events", "id")).toEqual([shown, mailed]);
  });

  it("deletes nothing with EVENT_DAYS=0, and nothing younger than notifications may be", async () => {
    const world = await openWorld({ environment: { EVENT_DAYS: "0" } });
    const ids = await decided(world, [900]);
    await prune(world);
    expect(await left(world, "domain_events", "id")).toEqual(ids);

    const short = await openWorld({ environment: { EVENT_DAYS: "1", NOTIFICATION_DAYS: "100" } });
    const events = await decided(short, [101, 99]);
    expect(await prune(short)).toEqual({ events: 1 });
    expect(await left(short, "domain_events", "id")).toEqual(events.slice(1));
  });

  it("works in ranges", async () => {
    const world = await openWorld();
    await decided(
      world,
      Array.from({ length: 25_000 }, (_, n) => 900 - Math.floor(n / 50)),
    );
    expect(await prune(world)).toEqual({ events: 25_000 });
    expect(await world.query("select total > 2 as cut from job_runs")).toEqual([{ cut: true }]);
  });
});
