import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { createDueScan } from "../../src/queues/due-scan.ts";
import {
  dueScanSql,
  type QueueStates,
  readQueueStates,
  type ScanStarts,
} from "../../src/queues/relay-round.ts";
import { enqueueIn, singleJob } from "../support/jobs.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { createWorld, type World } from "../support/world.ts";

const seen = (at: string): QueueStates => ({ open: [], busy: [], from: new Map([["recommendations", at]]) });

describe("a relay's scan for due entries", () => {
  function scene() {
    let nowMs = 0;
    const begun: (string | undefined)[] = [];
    const dueScan = createDueScan(() => nowMs);
    const scan = (tookMs = 0) =>
      dueScan.run(async (from?: ScanStarts) => {
        begun.push(from?.get("recommendations"));
        nowMs += tookMs;
        return seen(`scan ${begun.length}`);
      });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { dueScan, scan, begun, pass };
  }

  it("starts where the last scan ended, and every 30 s at the oldest entry", async () => {
    const { scan, begun, pass } = scene();
    await scan();
    await scan();
    pass(29_999);
    await scan();
    pass(1);
    await scan();
    await scan();
    expect(begun).toEqual([undefined, "scan 1", "scan 2", undefined, "scan 4"]);
  });

  it("does full scans less often where they are expensive", async () => {
    const { scan, begun, pass } = scene();
    await scan(2_000);
    pass(99_999);
    await scan();
    pass(1);
    await scan();
    expect(begun).toEqual([undefined, "scan 1", undefined]);
  });

  it("starts at the oldest entry after a restart, and after a scan that failed", async () => {
    const { dueScan, scan, begun } = scene();
    await scan();
    dueScan.restart();
    await scan();
    await expect(dueScan.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await scan();
    expect(begun).toEqual([undefined, undefined, "scan 2"]);
  });
});

/** The pages that a scan reads. */
async function pagesRead(world: World, from: ScanStarts): Promise<number> {
  const { rows } = await world.db.drizzle.execute<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
    sql`explain (analyze, buffers, format json) ${dueScanSql(from)}`,
  );
  const plan = rows[0]!["QUERY PLAN"][0].Plan;
  return (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0);
}

describe("a held snapshot", () => {
  it("makes the first scan read the dead rows of the index, and no later one", async () => {
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
