import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { createLookMemory } from "../../src/queues/look-memory.ts";
import { type Beginnings, lookSql, type QueueStates, readQueueStates } from "../../src/queues/relay-round.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { createWorld, type World } from "../support/world.ts";

const seen = (at: string): QueueStates => ({ open: [], busy: [], from: new Map([["recommendations", at]]) });

describe("the memory of a relay's looks", () => {
  function scene() {
    let nowMs = 0;
    const begun: (string | undefined)[] = [];
    const memory = createLookMemory(() => nowMs);
    const look = (tookMs = 0) =>
      memory.look(async (from?: Beginnings) => {
        begun.push(from?.get("recommendations"));
        nowMs += tookMs;
        return seen(`look ${begun.length}`);
      });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { memory, look, begun, pass };
  }

  it("begins where the last look ended, and every 30 s at the beginning", async () => {
    const { look, begun, pass } = scene();
    await look();
    await look();
    pass(29_999);
    await look();
    pass(1);
    await look();
    await look();
    expect(begun).toEqual([undefined, "look 1", "look 2", undefined, "look 4"]);
  });

  it("reads the whole less often where that is expensive", async () => {
    const { look, begun, pass } = scene();
    await look(2_000);
    pass(99_999);
    await look();
    pass(1);
    await look();
    expect(begun).toEqual([undefined, "look 1", undefined]);
  });

  it("begins at the beginning after it was told to forget, and after a look that failed", async () => {
    const { memory, look, begun } = scene();
    await look();
    memory.forget();
    await look();
    await expect(memory.look(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await look();
    expect(begun).toEqual([undefined, undefined, "look 2"]);
  });
});

/** The pages that a look reads. */
async function pagesRead(world: World, from: Beginnings): Promise<number> {
  const { rows } = await world.db.drizzle.execute<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
    sql`explain (analyze, buffers, format json) ${lookSql(from)}`,
  );
  const plan = rows[0]!["QUERY PLAN"][0].Plan;
  return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
}

describe("a held snapshot", () => {
  it("makes the first look read the dead rows of the index, and no later one", async () => {
    const world = await createWorld({ jobs: [singleJob()] });
    const holder = await openTransaction(world);
    await holder.query("set transaction isolation level repeatable read");
    await holder.query("set local idle_in_transaction_session_timeout = 0");
    await holder.query("select count(*) from outbox");
    await world.query(
      `insert into outbox (queue, job, key, payload, run_at)
       select 'maintenance', 'note-item', 'dead-' || n, '{"item":"x"}', now() - interval '1 hour' from generate_series(1, 20000) n`,
    );
    await world.query("update outbox set enqueued_at = now(), carrier = 'gone'");
    const { from } = await readQueueStates(world);
    const [whole, later] = [await pagesRead(world, new Map()), await pagesRead(world, from)];
    expect(whole).toBeGreaterThan(100);
    expect(later).toBeLessThan(whole / 5);
    await enqueueIn(world, singleJob(), { item: "fresh" });
    expect((await readQueueStates(world, from)).busy).toEqual(["maintenance"]);
    await holder.end("rollback");
  });
});
