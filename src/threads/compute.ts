import { openSharedForRun, type SharedForRun } from "./shared-for-run.ts";
import { openStatementTurns, type StatementTurns } from "./statement-turns.ts";
import { openThreads, type Threads } from "./threads.ts";

/** What CPU-heavy jobs of one process share. */
export type Compute = {
  readonly threads: Threads;
  /** One large statement at a time. */
  readonly turns: StatementTurns;
  /** Large data that the ranges of a run load once. */
  readonly shared: SharedForRun;
};

/** @param threads of a caller who closes them; default: its own. */
export function openCompute(threads?: Threads): Compute & { close(): Promise<void> } {
  const used = threads ?? openThreads();
  const shared = openSharedForRun();
  return {
    threads: used,
    turns: openStatementTurns(),
    shared,
    async close() {
      shared.close();
      if (!threads) await used.close();
    },
  };
}
