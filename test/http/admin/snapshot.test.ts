import { expect, test, vi } from "vitest";
import { createSnapshots } from "../../../src/http/admin/snapshot/snapshot.ts";
import { scrapedGauges } from "../../../src/http/metrics/gauges.ts";
import { recordStatements } from "../../support/statements.ts";
import { createWorld } from "../../support/world.ts";

const DUE = 1_500;

test("a poll counts the outbox anew, and samples a large one only once a minute", async () => {
  const world = await createWorld();
  await world.query(
    "insert into outbox (queue, job, key, payload) select 'feeds', 'trending', n::text, '{}' from generate_series(1, $1::int) n",
    [DUE],
  );
  const snapshots = createSnapshots(world, scrapedGauges(world));
  const from = performance.now();
  const clock = vi.spyOn(performance, "now");
  /** Polls at a time after the first poll. */
  const pollAfter = async (ms: number) => {
    clock.mockReturnValue(from + ms);
    const { entries } = await snapshots.read();
    expect(entries).toMatchObject([{ queue: "feeds", state: "due", count: DUE, isEstimate: true }]);
  };
  const sent = async (polls: readonly number[]) => {
    const texts = await recordStatements(world, async () => {
      for (const ms of polls) await pollAfter(ms);
    });
    const containing = (part: string) => texts.filter(({ text }) => text.includes(part)).length;
    return { counts: containing("with waiting(queue, since)"), samples: containing("tablesample") };
  };
  try {
    // The alerts, which are evaluated at 0 and at 16 s, count nothing of their own.
    expect(await sent([0, 2_000, 4_000, 14_000])).toEqual({ counts: 4, samples: 1 });
    expect(await sent([16_000, 59_000])).toEqual({ counts: 2, samples: 0 });
    expect(await sent([61_000])).toEqual({ counts: 1, samples: 1 });
  } finally {
    clock.mockRestore();
  }
});
