import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import {
  discardDeadLetters,
  inspectDeadLetter,
  listDeadLetters,
  retryDeadLetters,
} from "../../src/queues/dead-letters.ts";
import { Cancel } from "../../src/queues/outcome.ts";
import { readRetry } from "../../src/queues/retry-outcome.ts";
import { enqueueIn, items, noted, singleJob } from "../support/jobs.ts";
import { createWorld, type World } from "../support/world.ts";

let broken = true;

const fragile = singleJob(async ({ item }) => {
  if (broken) throw new Cancel(item < "item-0002" ? "too early" : "too late");
  return undefined;
});

async function worldWithLetters(count: number): Promise<World> {
  broken = true;
  const world = await createWorld({ jobs: [fragile] });
  for (const id of await enqueueIn(world, fragile, ...items(count))) await world.run(fragile, [id]);
  return world;
}

const audits = (world: World) =>
  world.query<{
    actor: string;
    action: string;
    subject: string;
    details: { ids?: string[]; discarded?: unknown[] };
  }>("select actor, action, subject, details from audit_log where actor <> 'test' order by id");

describe("dead letters", () => {
  it("are listed newest first, by job, queue, error or id", async () => {
    const world = await worldWithLetters(4);
    const on = world.db.drizzle;
    const all = await listDeadLetters(on);
    expect(all.map((letter) => letter.key)).toEqual(["item-0003", "item-0002", "item-0001", "item-0000"]);
    expect(all[0]).toMatchObject({
      job: "note-item",
      queue: "maintenance",
      attempts: 1,
      error: "Cancel: too late",
    });
    expect(await listDeadLetters(on, { error: "too early" })).toHaveLength(2);
    expect(await listDeadLetters(on, { job: "other" })).toEqual([]);
    expect(await listDeadLetters(on, { queue: "maintenance" }, 3)).toHaveLength(3);
    expect(await listDeadLetters(on, { id: all[2]!.id })).toMatchObject([{ key: "item-0001" }]);
    expect(await listDeadLetters(on, { error: "%" })).toEqual([]);
  });

  it("can be inspected with their payload, only while they are dead", async () => {
    const world = await worldWithLetters(1);
    const [letter] = await listDeadLetters(world.db.drizzle);
    expect(await inspectDeadLetter(world.db.drizzle, letter!.id)).toMatchObject({
      payload: { item: "item-0000" },
      slot: null,
    });
    const [alive] = await enqueueIn(world, fragile, { item: "alive" });
    expect(await inspectDeadLetter(world.db.drizzle, alive!)).toBeUndefined();
  });

  it("that had no run are counted by job when they are settled", async () => {
    broken = false;
    const world = await createWorld({ jobs: [fragile] });
    await world.query(
      `insert into outbox (queue, job, key, payload, dead_at, attempts)
       select $1, $2, item, jsonb_build_object('item', item), now(), 1 from unnest('{a,b}'::text[]) item`,
      [fragile.queue, fragile.name],
    );
    const { auditId } = await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "ann", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.skipBackOff();
    await world.drain();
    expect((await readRetry(world.db.drizzle, auditId ?? ""))?.outcomes).toEqual([
      { job: fragile.name, outcome: "settled", reason: null, entries: 2 },
    ]);
  });

  it("that are retried have all their attempts, are done, and update the row of their run", async () => {
    const world = await worldWithLetters(3);
    await world.query("update job_runs set started_at = '2026-01-01'");
    const { auditId, ...counts } = await inTransaction(world.db, (tx) =>
      retryDeadLetters(
        tx,
        { error: "too early" },
        { actor: "ann", reason: "fixed", catalogue: world.catalogue },
      ),
    );
    expect(counts).toEqual({ retried: 2, superseded: 0 });
    const became = async () => (await readRetry(world.db.drizzle, auditId ?? ""))?.outcomes;
    const ofFragile = { job: fragile.name, reason: null, entries: 2 };
    expect(await became()).toEqual([{ ...ofFragile, outcome: "open" }]);
    expect(await world.query("select attempts, error from outbox where dead_at is null")).toEqual([
      { attempts: 0, error: null },
      { attempts: 0, error: null },
    ]);
    broken = false;
    await world.skipBackOff();
    await world.drain();
    expect((await noted(world)).sort()).toEqual(["item-0000", "item-0001"]);
    const runs = await world.query(
      "select status, count(*)::int as n from job_runs group by status order by 1",
    );
    expect(runs).toEqual([
      { status: "cancelled", n: 1 },
      { status: "done", n: 2 },
    ]);
    expect(await became()).toEqual([{ ...ofFragile, outcome: "done" }]);
    // How long they took is the time of the retry, not that since they were first attempted.
    expect(
      await world.query("select 1 from job_runs where status = 'done' and started_at = '2026-01-01'"),
    ).toEqual([]);
    expect(await audits(world)).toMatchObject([
      { actor: "ann", action: "dead-letters.retry", subject: "outbox?error=too+early" },
    ]);
  });

  it("that are retried wake the relay after the commit", async () => {
    const world = await worldWithLetters(1);
    await inTransaction(world.db, async (tx) => {
      await retryDeadLetters(tx, {}, { actor: "ann", reason: "fixed", catalogue: world.catalogue });
      expect(tx.dispatch.pending).toBe(true);
    });
  });

  it("are retried no faster than requested, oldest first", async () => {
    const world = await worldWithLetters(10);
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "ann", reason: "fixed", catalogue: world.catalogue, perSecond: 2 }),
    );
    const entries = await world.query<{ key: string; ms: number }>(
      "select key, extract(epoch from run_at - min(run_at) over ())::float8 * 1000 as ms from outbox order by run_at",
    );
    expect(entries.map((entry) => Math.round(entry.ms))).toEqual([
      0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500,
    ]);
    expect(entries[0]!.key).toBe("item-0000");
  });

  it("that are retried and fail again are dead again, with one row in job_runs", async () => {
    const world = await worldWithLetters(1);
    await inTransaction(world.db, (tx) =>
      retryDeadLetters(tx, {}, { actor: "ann", reason: "fixed", catalogue: world.catalogue }),
    );
    await world.drain();
    expect(await listDeadLetters(world.db.drizzle)).toHaveLength(1);
    expect(await world.query("select status from job_runs")).toEqual([{ status: "cancelled" }]);
  });

  it("that are discarded are deleted, and the audit log says which", async () => {
    const world = await worldWithLetters(3);
    const [letter] = await listDeadLetters(world.db.drizzle);
    expect(
      await inTransaction(world.db, (tx) =>
        discardDeadLetters(tx, { id: letter!.id }, { actor: "bob", reason: "fixed" }),
      ),
    ).toBe(1);
    expect(await listDeadLetters(world.db.drizzle)).toHaveLength(2);
    expect(await audits(world)).toMatchObject([
      {
        actor: "bob",
        action: "dead-letters.discard",
        subject: `outbox:${letter!.id}`,
        details: { discarded: [{ id: letter!.id, job: "note-item", key: "item-0002" }] },
      },
    ]);
  });

  it("are the only entries affected, and without any there is no audit row", async () => {
    const world = await worldWithLetters(0);
    await enqueueIn(world, fragile, { item: "alive" });
    expect(
      await inTransaction(world.db, (tx) =>
        retryDeadLetters(tx, {}, { actor: "ann", reason: "fixed", catalogue: world.catalogue }),
      ),
    ).toMatchObject({ retried: 0, superseded: 0 });
    expect(
      await inTransaction(world.db, (tx) => discardDeadLetters(tx, {}, { actor: "ann", reason: "fixed" })),
    ).toBe(0);
    expect(await world.enqueued()).toHaveLength(1);
    expect(await audits(world)).toEqual([]);
  });
});
