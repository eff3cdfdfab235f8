import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { rows } from "../../src/db/statement.ts";
import { rangeName } from "../../src/queues/catalogue.ts";
import { defineJob } from "../../src/queues/job.ts";
import { done } from "../../src/queues/outcome.ts";
import { enqueueRunIn, note, noted } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

type Seen = { openTransactions: number; entries: number };
let seen: Seen[] = [];
let misbehave: "write" | "throw" | null = null;

/** Doubles a number in `compute` and records it in `run`. */
const double = defineJob({
  name: "double",
  queue: "maintenance",
  description: "Doubles numbers.",
  payload: z.object({ numbers: z.array(z.number()) }),
  key: () => "all",
  attempts: 3,
  range: z.number(),
  cut: async ({ numbers }) => numbers,
  compute: async (range: number, { read }) => {
    if (misbehave === "throw") throw new Error("this cannot be computed");
    if (misbehave === "write") await read((tx) => note(tx, "a note of a computation"));
    const [found] = await read((tx) => rows<Seen>(tx, STATE));
    seen.push(found!);
    return 2 * range;
  },
  run: async (range: number, { tx }, doubled: number) => {
    await note(tx, `${range} doubled is ${doubled}`);
    return done({ doubled: 1 });
  },
  sum: async (_payload, counts) => done(counts),
});

/** The other open transactions on this database, and the entries of the outbox. */
const STATE = sql`select (select count(*)::int from pg_stat_activity
                          where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%') as "openTransactions",
                         (select count(*)::int from outbox) as entries`;

async function begin(numbers: number[]): Promise<World> {
  seen = [];
  misbehave = null;
  const world = await createWorld({ jobs: [double], at: "2026-05-01T00:00:00Z" });
  await enqueueRunIn(world, double, { numbers });
  const [cut] = await world.enqueued();
  await world.run(double, [cut!.id]);
  return world;
}

describe("a range with compute", () => {
  it("computes while no transaction is open, and passes the result to run", async () => {
    const world = await begin([3, 4]);
    await world.drain();
    expect(seen).toEqual([
      { openTransactions: 0, entries: 2 },
      { openTransactions: 0, entries: 1 },
    ]);
    expect(await noted(world)).toEqual(["3 doubled is 6", "4 doubled is 8"]);
  });

  it("computes nothing when it is already settled", async () => {
    const world = await begin([3]);
    const [range] = await world.enqueued();
    await world.run({ name: rangeName(double) }, [range!.id]);
    expect(await world.run({ name: rangeName(double) }, [range!.id])).toMatchObject({ duplicate: 1 });
    expect(seen).toHaveLength(1);
    expect(await noted(world)).toEqual(["3 doubled is 6"]);
  });

  it("cannot write in compute, and is retried when compute fails", async () => {
    const world = await begin([3]);
    for (const fault of ["write", "throw"] as const) {
      misbehave = fault;
      const [range] = await world.enqueued();
      expect(await world.run({ name: rangeName(double) }, [range!.id])).toMatchObject({ retry: 1 });
    }
    expect(await noted(world)).toEqual([]);
    misbehave = null;
    await world.skipBackOff();
    await world.drain();
    expect(await noted(world)).toEqual(["3 doubled is 6"]);
  });

  it("computes in a dry run as well", async () => {
    const world = await begin([]);
    const preview = await world.dryRun(double, {
      numbers: [1, 2],
    });
    expect(preview).toMatchObject({ fault: null, ranges: 2, counts: { doubled: 2 } });
    expect(await noted(world)).toEqual([]);
  });
});
