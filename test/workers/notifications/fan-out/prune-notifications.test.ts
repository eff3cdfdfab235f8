import { describe, expect, it } from "vitest";
import { pruneNotifications } from "../../../../src/workers/notifications/fan-out/prune-notifications.ts";
import { createWorld, type World } from "../../../support/world.ts";

/** Inserts notifications and deliveries that are `ages` days old, in this order of ids. */
async function written(world: World, ages: readonly number[], status = "delivered"): Promise<void> {
  await world.query(
    `with aged as (select age, n from unnest($1::int[]) with ordinality as a(age, n)),
          shown as (insert into notifications (user_id, event_type, event_id, title, body, link, created_at, updated_at)
                    select 1, 'x', n, '', '', '/', t, t from aged, lateral (select '2026-06-02T06:00Z'::timestamptz - age * interval '1 day' as t) w order by n)
     insert into deliveries (event_id, event_type, user_id, channel, decision, status, created_at, decided_at)
     select n, 'x', 1, 'in_app', 'now', $2, t, t from aged, lateral (select '2026-06-02T06:00Z'::timestamptz - age * interval '1 day' as t) w order by n`,
    [ages, status],
  );
}

const left = async (world: World, table: string) =>
  (await world.query<{ id: string }>(`select event_id as id from ${table} order by event_id`)).map(
    ({ id }) => +id,
  );

async function prune(world: World, days?: number) {
  await world.perform(pruneNotifications, days === undefined ? {} : { days });
  return world.drain();
}

describe("prune-notifications", () => {
  it("deletes rows older than the given number of days, and nothing else", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00Z" });
    await written(world, [400, 181, 180, 179, 1, 0]);
    await prune(world);
    expect(await left(world, "notifications")).toEqual([3, 4, 5, 6]);
    expect(await left(world, "deliveries")).toEqual([3, 4, 5, 6]);
    await prune(world, 100);
    expect(await left(world, "notifications")).toEqual([5, 6]);
  });

  it("faults 22: keeps what was changed lately, however old it is", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00Z" });
    await written(world, [400, 400, 400, 400]);
    await world.query("update notifications set updated_at = '2026-06-01T00:00Z' where event_id = 2");
    await world.query("update notifications set read_at = '2026-06-01T00:00Z' where event_id = 3");
    await world.query("update deliveries set sent_at = '2026-06-01T00:00Z' where event_id = 4");
    await prune(world);
    expect(await left(world, "notifications")).toEqual([2, 3]);
    expect(await left(world, "deliveries")).toEqual([4]);
  });

  it("keeps pending deliveries and their notifications", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00Z" });
    await written(world, [400, 300], "pending");
    await prune(world);
    expect(await left(world, "deliveries")).toEqual([1, 2]);
    expect(await left(world, "notifications")).toEqual([1, 2]);
  });

  it("works in ranges, across gaps of deleted ids", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00Z" });
    await written(
      world,
      Array.from({ length: 45_000 }, (_, n) => 500 - Math.floor(n / 100)),
    );
    await world.query("delete from deliveries where event_id between 5000 and 30000");
    await prune(world);
    expect(await world.query("select min(event_id)::int as first from notifications")).toEqual([
      { first: 32_001 },
    ]);
    expect(await world.query("select min(event_id)::int as first from deliveries")).toEqual([
      { first: 32_001 },
    ]);
    expect(await world.query("select total > 2 as cut, status from job_runs")).toEqual([
      { cut: true, status: "done" },
    ]);
  });

  it("does nothing for an empty table", async () => {
    const world = await createWorld();
    await prune(world);
    expect(await world.query("select status, total from job_runs")).toEqual([{ status: "done", total: 0 }]);
  });

  it("deletes old e-mails and their rows, except pending ones", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00Z" });
    const old = "2025-01-01T00:00Z";
    await world.query(
      `insert into emails (batch_id, user_id, delivery_id, status, created_at)
       values (1, 1, 1, 'sent', $1), (1, 1, 2, 'pending', $1), (1, 1, 3, 'sent', '2026-06-01T00:00Z')`,
      [old],
    );
    await world.query("insert into email_batches (created_at) values ($1)", [old]);
    await world.query(
      "insert into email_digests (user_id, kind, window_start, created_at) values (1, 'daily', $1, $1)",
      [old],
    );
    await world.query(
      `insert into email_events (message_id, provider_id, kind, occurred_at, created_at) values ('m', 'p', 'delivered', $1, $1)`,
      [old],
    );
    await world.query(
      `insert into unsubscribe_tokens (token_hash, user_id, event_type, channel, email_id, created_at)
       values ('\\x00', 1, '*', 'email', 1, $1)`,
      [old],
    );
    await prune(world);
    expect(await world.query("select delivery_id from emails order by id")).toEqual([
      { delivery_id: "2" },
      { delivery_id: "3" },
    ]);
    for (const table of ["email_batches", "email_digests", "email_events", "unsubscribe_tokens"])
      expect(await world.query(`select 1 from ${table}`)).toEqual([]);
  });
});
