import { expect, it, vi } from "vitest";
import { renewLease } from "../../src/queues/call-lease.ts";
import { failEntry, releaseEntries } from "../../src/queues/failure.ts";
import { postponeEntries } from "../../src/queues/postpone.ts";
import { eventually } from "../support/eventually.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { createWorld, type World } from "../support/world.ts";

const HOLDER = { carrier: "c", token: "t" };
const job = singleJob();

const waitsForLock = (world: World) =>
  eventually(async () => {
    const [waiting] = await world.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    expect(waiting?.n).toBe(1);
  });

const GIVEN_BACK = {
  postponed: (world: World, id: string) => postponeEntries(world.db.drizzle, [id], "unknown", HOLDER),
  released: (world: World, id: string) => releaseEntries(world.db, [id], HOLDER),
  failed: (world: World, id: string) =>
    failEntry(world.db, job, id, { error: "unknown", final: false }, HOLDER),
};

it.each(Object.entries(GIVEN_BACK))(
  "an entry whose carrier is read before its relay has committed is %s",
  async (_, giveBack) => {
    const world = await createWorld({ jobs: [job] });
    await enqueueIn(world, job, { item: "a" });
    const [entry] = await world.enqueued();
    const relay = await openTransaction(world);
    await relay.query("update outbox set carrier = 'c', enqueued_at = now()");
    const givingBack = giveBack(world, entry!.id);
    await waitsForLock(world);
    await relay.end("commit");
    await givingBack;
    expect(await world.query("select carrier, enqueued_at from outbox")).toEqual([
      { carrier: null, enqueued_at: null },
    ]);
  },
);

it.each(Object.entries(GIVEN_BACK))("an entry that another carrier holds is not %s", async (_, giveBack) => {
  const world = await createWorld({ jobs: [job] });
  await enqueueIn(world, job, { item: "a" });
  await world.query("update outbox set carrier = 'other', enqueued_at = now()");
  const [entry] = await world.enqueued();
  await giveBack(world, entry!.id);
  expect(await world.query("select carrier, attempts from outbox")).toEqual([
    { carrier: "other", attempts: 0 },
  ]);
});

it("a lease is renewed by one statement at a time, and again once one has ended, however it ends", async () => {
  vi.useFakeTimers();
  try {
    const ends: ((error?: Error) => void)[] = [];
    const transact = () =>
      new Promise<void>((resolve, reject) => {
        ends.push((error) => (error ? reject(error) : resolve()));
      });
    const renewal = renewLease(transact, "1", HOLDER);
    await vi.advanceTimersByTimeAsync(7_500);
    expect(ends).toHaveLength(1);
    ends[0]!(new Error("no answer"));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ends).toHaveLength(2);
    renewal.stop();
    ends[1]!();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ends).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});
