/** Where each example would be in the service. */
export const PLACES: Readonly<Record<string, string>> = {
  "prune-finished-runs.ts": "src/workers/maintenance/prune-finished-runs.ts",
  "prune-finished-runs.test.ts": "test/workers/maintenance/prune-finished-runs.test.ts",
  "task-expired.ts": "src/events/tasks.ts",
  "expiry.ts": "src/scoring/tasks/expiry.ts",
  "expire-tasks.ts": "src/workers/maintenance/expire-tasks.ts",
};
