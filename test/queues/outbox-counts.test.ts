import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { rows } from "../../src/db/statement.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { countEntries, countFailing, sampleEntries } from "../../src/queues/outbox-counts.ts";
import { createWorld, type World } from "../support/world.ts";

/** Adds entries of a queue whose columns beyond queue, job, key and payload are given. */
const add = (
  world: World,
  queue: string,
  count: number,
  columns = "run_at",
  values = "now() - interval '1 hour'",
) =>
  world.query(
    `insert into outbox (queue, job, key, payload, ${columns})
     select $1, 'some-job', gen_random_uuid()::text, '{}', ${values} from generate_series(1, $2::int)`,
    [queue, count],
  );

async function mixedWorld(): Promise<World> {
  const world = await createWorld();
  await add(world, "commissions", 7);
  await add(world, "commissions", 3, "run_at", "now() + interval '1 hour'");
  await add(world, "multipliers", 2, "run_at", "'infinity'");
  await add(
    world,
    "multipliers",
    4,
    "run_at, enqueued_at, carrier",
    "now() - interval '2 hours', now(), 'c'",
  );
  await add(world, "multipliers", 5, "attempts, dead_at", "9, now()");
  await add(world, "recommendations", 6, "attempts, run_at", "5, now() + interval '1 hour'");
  return world;
}

const byName = (a: string, b: string) => (a < b ? -1 : 1);
const summary = (counts: Awaited<ReturnType<typeof countEntries>>) =>
  counts.map((c) => `${c.queue} ${c.state} ${c.isEstimate ? "about " : ""}${c.count}`).sort(byName);

describe("counting the entries of the outbox", () => {
  it("is exact for small numbers, with the age of the oldest", async () => {
    const world = await mixedWorld();
    const counts = await countEntries(world.db.drizzle);
    expect(summary(counts)).toEqual([
      "commissions due 7",
      "commissions later 3",
      "multipliers carried 4",
      "multipliers dead 5",
      "multipliers later 2",
      "recommendations later 6",
    ]);
    const ages = counts.map(({ oldestSeconds }) => oldestSeconds && Math.round(oldestSeconds / 3_600));
    expect(ages.filter((age) => age !== null).sort()).toEqual([1, 2]);
    expect(await countFailing(world.db.drizzle)).toEqual([{ queue: "recommendations", count: 6 }]);
  });

  it("estimates only what exceeds the limit", async () => {
    const world = await mixedWorld();
    await add(world, "commissions", 30);
    await add(world, "recommendations", 8, "attempts, dead_at", "9, now()");
    // The sample is the whole table, so the estimate is the number itself.
    expect(summary(await countEntries(world.db.drizzle, { exactUpTo: 10 }))).toEqual([
      "commissions due about 37",
      "commissions later 3",
      "multipliers carried 4",
      "multipliers dead about 5",
      "multipliers later 2",
      "recommendations dead about 8",
      "recommendations later 6",
    ]);
  });

  it("reads some pages of a large outbox, and estimates the number closely", async () => {
    const world = await createWorld();
    await add(world, "multipliers", 20_000);
    const sample = () => sampleEntries(world.db.drizzle, 60);
    const [counted] = await countEntries(world.db.drizzle, { exactUpTo: 100, sample });
    expect(counted).toMatchObject({ queue: "multipliers", state: "due", isEstimate: true });
    expect(counted?.count).toBeGreaterThan(5_000);
    expect(counted?.count).toBeLessThan(60_000);
  });

  it("does not read the outbox as a whole", async () => {
    const world = await createWorld();
    await add(world, "multipliers", 20_000);
    await add(world, "recommendations", 20_000, "run_at", "now() + interval '1 hour'");
    await world.query("analyze outbox");
    const read = await inTransaction(world.db, async (tx) => {
      await countEntries(tx, { exactUpTo: 100, sample: () => sampleEntries(tx, 10) });
      await countFailing(tx);
      const [table] = await rows<{ n: number }>(
        tx,
        sql`select (pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::int as n
            from pg_class where oid = 'outbox'::regclass`,
      );
      return table?.n;
    });
    expect(read).toBeLessThan(4_000);
  });

  it("faults 20: reads no entry before the scan starts that the relay knows", async () => {
    const world = await mixedWorld();
    // Stands for dead rows under a held snapshot: the index has them, and a look passes them.
    await add(world, "commissions", 9, "run_at", "now() - interval '1 day'");
    const from = new Map([["commissions", new Date(Date.now() - 6 * 3_600_000).toISOString()]] as const);
    const counts = await countEntries(world.db.drizzle, { from });
    expect(counts.find(({ queue, state }) => queue === "commissions" && state === "due")).toMatchObject({
      count: 7,
    });
  });

  it("finds queues that this version does not have without reading its own", async () => {
    const world = await mixedWorld();
    await add(world, "aardvarks", 2);
    await add(world, "zebras", 1);
    const counts = summary(await countEntries(world.db.drizzle));
    expect(counts).toContain("aardvarks due 2");
    expect(counts).toContain("zebras due 1");
  });
});
