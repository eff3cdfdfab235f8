import { expect, it } from "vitest";
import { DEMO_RUNS } from "../../../src/dev/demo/demo-jobs.ts";
import { catalogue } from "../../../src/workers/index.ts";

it("the demo runs every job once, and verifies the ledger last", () => {
  const names = DEMO_RUNS.map(({ job }) => job.name);
  expect([...names].sort()).toEqual(catalogue.jobs.map(({ name }) => name).sort());
  expect(names.at(-1)).toBe("verify-ledger");
});
