import { inTransaction } from "../../src/db/transaction.ts";
import type { ComputeContext } from "../../src/queues/job.ts";
import type { World } from "./world.ts";

/** What the computing part of a job is given, for tests that call it without a queue. */
export const computeContext = (world: World): ComputeContext => ({
  settings: world.settings,
  log: world.log,
  now: world.clock.now(),
  attempt: 1,
  runId: null,
  signal: new AbortController().signal,
  remark: () => undefined,
  measure: () => undefined,
  compute: world.compute,
  read: (work) => inTransaction(world.db, work),
  fetch: () => Promise.resolve(null),
});
