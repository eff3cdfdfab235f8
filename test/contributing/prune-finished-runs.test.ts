import { describe, expect, it } from "vitest";
import { createWorld } from "../support/world.ts";
import { pruneFinishedRuns } from "./prune-finished-runs.ts";

describe("prune-finished-runs", () => {
  it("deletes runs that finished before the days that are kept", async () => {
    const world = await createWorld({ at: "2026-03-08T02:00Z", jobs: [pruneFinishedRuns] });
    await world.query(
      `insert into job_runs (job, trigger, input, status, finished_at) values
         ('x-y', 'manual', '{}', 'done', '2025-03-07T00:00Z'), ('x-y', 'manual', '{}', 'done', '2025-03-09T00:00Z')`,
    );
    expect(await world.perform(pruneFinishedRuns, { days: 365 })).toMatchObject({ counts: { pruned: 1 } });
    expect(await world.query("select 1 from job_runs")).toHaveLength(1);
  });
});
