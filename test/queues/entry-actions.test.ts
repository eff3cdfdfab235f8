import { describe, expect, it } from "vitest";
import type { Tx } from "../../src/db/transaction.ts";
import { discardWaiting, postponeUntil, runEntriesNow } from "../../src/queues/entry-actions.ts";
import { createWorld, type World } from "../support/world.ts";

const DECISION = { actor: "admin", reason: "the bank is closed" };

/** Entries by their keys: due, later, carried, dead, parked, and one whose outside call is under way. */
async function scene() {
  const world = await createWorld();
  const rows = await world.query<{ id: string; key: string }>(
    `insert into outbox (queue, job, key, payload, run_at, enqueued_at, carrier, dead_at, leased_by, leased_until) values
       ('media', 'media-metadata', 'due', '{}', now() - interval '1 minute', null, null, null, null, null),
       ('media', 'media-metadata', 'later', '{}', now() + interval '1 hour', null, null, null, null, null),
       ('media', 'media-metadata', 'carried', '{}', now(), now(), 'c', null, null, null),
       ('media', 'media-metadata', 'dead', '{}', now(), null, null, now(), null, null),
       ('media', 'verify-ledger/range', 'parked', '{}', 'infinity', null, null, null, null, null),
       ('media', 'verify-ledger/range', 'range', '{}', now(), null, null, null, null, null),
       ('media', 'media-metadata', 'calling', '{}', now() + interval '1 hour', null, null, null, 'x', now() + interval '1 minute')
     returning id, key`,
  );
  return { world, ids: rows.map(({ id }) => id) };
}

const act = (world: World, work: (tx: Tx) => Promise<number>) => world.relay.transact(work);
const keys = async (world: World, where: string) =>
  (await world.query<{ key: string }>(`select key from outbox where ${where} order by key`)).map(
    ({ key }) => key,
  );
const audited = (world: World) =>
  world.query("select actor, action, subject, details from audit_log order by id");

describe("an operator", () => {
  it("makes entries due that wait for a later time, and no others", async () => {
    const { world, ids } = await scene();
    expect(await act(world, (tx) => runEntriesNow(tx, ids, DECISION))).toBe(1);
    expect(await keys(world, "run_at > now() and run_at < 'infinity'")).toEqual(["calling"]);
    expect(await audited(world)).toMatchObject([
      { action: "work.run-now", details: { reason: DECISION.reason } },
    ]);
  });

  it("postpones entries that wait, and not those that a worker has, that are parked or dead", async () => {
    const { world, ids } = await scene();
    expect(await act(world, (tx) => postponeUntil(tx, ids, 7_200, DECISION))).toBe(3);
    expect(await keys(world, "run_at > now() + interval '119 minutes' and run_at < 'infinity'")).toEqual([
      "due",
      "later",
      "range",
    ]);
    expect(await audited(world)).toMatchObject([{ action: "work.postpone", details: { seconds: 7_200 } }]);
  });

  it("discards entries that wait, but no part of a run, and their runs fail", async () => {
    const { world, ids } = await scene();
    const [{ id = "" } = {}] = await world.query<{ id: string }>(
      "insert into job_runs (job, trigger, input) values ('media-metadata', 'manual', '{}') returning id",
    );
    await world.query("update outbox set parent = $1 where key = 'later'", [id]);
    expect(await act(world, (tx) => discardWaiting(tx, ids, DECISION, world.catalogue))).toBe(2);
    expect(await keys(world, "true")).toEqual(["calling", "carried", "dead", "parked", "range"]);
    expect(await world.query("select status, counts from job_runs")).toEqual([
      { status: "failed", counts: { discarded: 1 } },
    ]);
    expect(await audited(world)).toMatchObject([
      { action: "work.discard", details: { discarded: ["media-metadata due", "media-metadata later"] } },
    ]);
  });

  it("does not wait for an entry that a transaction has locked", async () => {
    const { world, ids } = await scene();
    await act(world, async (tx) => {
      await tx.execute("select 1 from outbox where key = 'later' for update");
      expect(await act(world, (other) => runEntriesNow(other, ids, DECISION))).toBe(0);
      return 0;
    });
    expect(await audited(world)).toEqual([]);
  });
});
