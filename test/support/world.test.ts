import { expect, test } from "vitest";
import { verifyLedger } from "../../src/workers/maintenance/verify-ledger.ts";
import { createWorld } from "./world.ts";

test("a world takes a job that is in the index already, as the tests of CONTRIBUTING pass theirs", async () => {
  const world = await createWorld({ jobs: [verifyLedger] });
  expect(world.catalogue.jobs.filter(({ name }) => name === verifyLedger.name)).toEqual([verifyLedger]);
});
