import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { sweepEvents } from "../../../../src/workers/notifications/fan-out/sweep-events.ts";
import { eventually } from "../../../support/eventually.ts";
import { outcomes } from "../../../support/notified.ts";
import { openTransaction } from "../../../support/open-transaction.ts";
import { createWorld, type World } from "../../../support/world.ts";

/** Inserts events with triggers disabled, as restoring a dump or replication does. */
async function forgotten(world: World, count: number): Promise<void> {
  await world.query("alter table domain_events disable trigger domain_events_ask_for_fan_out");
  await world.query(
    "insert into domain_events (event_type) select 'weather_changed' from generate_series(1, $1::int)",
    [count],
  );
  await world.query("alter table domain_events enable trigger domain_events_ask_for_fan_out");
}

const through = async (world: World): Promise<string> => {
  const [state] = await world.query<{ through: string }>("select through from event_sweep");
  return state!.through;
};

/** Other databases of the server have running transactions too: this may take several sweeps. */
const throughBecomes = (world: World, id: string) =>
  eventually(async () => {
    await sweep(world);
    expect(await through(world)).toBe(id);
  });

const sweep = (world: World) => world.perform(sweepEvents, {});

describe("sweep-events", () => {
  it("enqueues events without an entry, each once", async () => {
    const world = await createWorld();
    await forgotten(world, 250);
    expect(await sweep(world)).toMatchObject({ counts: { found: 250 } });
    expect(await sweep(world)).toMatchObject({ skipped: 1 });
    await world.drain();
    expect(await outcomes(world)).toHaveLength(250);
    expect(await sweep(world)).toMatchObject({ skipped: 1 });
    expect(await world.enqueued()).toEqual([]);
  });

  it("skips events that have an entry, also a dead one", async () => {
    const world = await createWorld();
    await world.query("insert into domain_events (event_type) values ('a'), ('b')");
    await world.query("update outbox set dead_at = now()");
    await world.query("insert into domain_events (event_type) values ('c')");
    expect(await sweep(world)).toMatchObject({ skipped: 1 });
    expect((await world.enqueued(notifyFanOut)).map(({ dead }) => dead)).toEqual([true, false]);
  });

  it("defect 3: finds an event of any age", async () => {
    const world = await createWorld();
    await forgotten(world, 1);
    await world.query("alter table domain_events disable trigger domain_events_append_only");
    await world.query(
      "update domain_events set created_at = now() - interval '2 years', occurred_at = now() - interval '2 years'",
    );
    expect(await sweep(world)).toMatchObject({ counts: { found: 1 } });
  });

  it("stops scanning an event only after all older transactions have ended", async () => {
    const world = await createWorld();
    const slow = await openTransaction(world);
    await slow.query("alter table domain_events disable trigger domain_events_ask_for_fan_out");
    await slow.query("insert into domain_events (event_type) values ('slow')");
    await slow.query("alter table domain_events enable trigger domain_events_ask_for_fan_out");
    await slow.query("commit; begin; insert into domain_events (event_type) values ('slower')");
    const later = await world.query<{ id: string }>(
      "insert into domain_events (event_type) values ('later') returning id",
    );
    await world.run(
      notifyFanOut,
      (await world.enqueued(notifyFanOut)).map(({ id }) => id),
    );
    for (let look = 0; look < 5; look++) await sweep(world);
    await world.drain();
    // The older event may still appear, so the sweep must not advance past it.
    expect(BigInt(await through(world))).toBeLessThan(BigInt(later[0]!.id) - 1n);
    // It appears, without an entry.
    await slow.query(
      "delete from outbox where key = (select max(id)::text from domain_events where event_type = 'slower')",
    );
    await slow.end("commit");
    expect(await sweep(world)).toMatchObject({ counts: { found: 1 } });
    await world.drain();
    await throughBecomes(world, later[0]!.id);
    expect(await outcomes(world)).toHaveLength(3);
  });

  it("scans again from a given id", async () => {
    const world = await createWorld();
    await world.query("insert into domain_events (event_type) values ('a'), ('b')");
    await world.drain();
    await throughBecomes(world, "2");
    await world.query("delete from event_outcomes where event_id = 1");
    expect(await sweep(world)).toMatchObject({ skipped: 1 });
    expect(await world.perform(sweepEvents, { from: "1" })).toMatchObject({ counts: { found: 1 } });
  });

  it("enqueues an event once from two concurrent sweeps", async () => {
    const world = await createWorld();
    await forgotten(world, 3);
    const tallies = await Promise.all([sweep(world), world.perform(sweepEvents, { from: "1" })]);
    expect(tallies.map(({ counts }) => counts["found"] ?? 0).sort()).toEqual([0, 3]);
  });

  it("skips while thousands of entries are waiting", async () => {
    const world = await createWorld();
    await forgotten(world, 1);
    await world.query(
      `insert into outbox (queue, job, key, payload, run_at)
       select 'notifications', 'notify-fan-out', 'x' || n, '{"eventIds": ["7"]}', now() + interval '1 day' from generate_series(1, 5001) n`,
    );
    expect(await sweep(world)).toMatchObject({ reasons: { "more than 5000 entries are waiting": 1 } });
  });
});

describe("a dry run of the fan-out", () => {
  it("defect 5: consumes no event", async () => {
    const world = await createWorld();
    await inTransaction(world.db, (tx) =>
      tx.execute("insert into domain_events (event_type) values ('weather_changed')"),
    );
    const preview = await world.dryRun(notifyFanOut, {
      eventIds: ["1"],
    });
    expect(preview).toMatchObject({ fault: null, counts: { events: 1 } });
    expect(await outcomes(world)).toEqual([]);
    expect(await world.enqueued(notifyFanOut)).toHaveLength(1);
  });
});
