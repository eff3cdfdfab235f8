import { settingsFrom } from "../../src/config/settings.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import type { RunJobDeps } from "../../src/queues/run-carrier.ts";
import type { Runtime } from "../../src/roles/runtime.ts";

/** How a runtime runs carriers, with whatever log it has: for tests that read the log. */
export const executionOf = (runtime: Runtime): RunJobDeps => ({
  ...runtime,
  settings: settingsFrom(runtime.config),
  transact: (work, signal) => inTransaction(runtime.db, work, signal),
  insteadOfCall: null,
  onRunFinished: async () => undefined,
  onProgress: () => undefined,
});
