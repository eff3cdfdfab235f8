import { type GuardedThreads, openGuardedThreads } from "./guarded-threads.ts";
import { openSharedForRun, type SharedForRun } from "./shared-for-run.ts";
import { openStatementTurns, type StatementTurns } from "./statement-turns.ts";
import { openThreads, type Threads } from "./threads.ts";

type Pools = {
  readonly threads: Threads;
  /** Threads for untrusted data. */
  readonly guarded: GuardedThreads;
};

/** The resources that CPU-heavy jobs of one process share. */
export type Compute = Pools & {
  /** One large statement at a time. */
  readonly turns: StatementTurns;
  /** Large data that the ranges of a run load once. */
  readonly shared: SharedForRun;
};

/** @param given pools of a caller who closes them; default: its own. */
export function openCompute(given: Partial<Pools> = {}): Compute & { close(): Promise<void> } {
  const threads = given.threads ?? openThreads();
  const guarded = given.guarded ?? openGuardedThreads();
  const shared = openSharedForRun();
  return {
    threads,
    guarded,
    turns: openStatementTurns(),
    shared,
    async close() {
      shared.close();
      if (!given.guarded) await guarded.close();
      if (!given.threads) await threads.close();
    },
  };
}
