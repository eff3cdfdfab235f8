import { createGroupCommit, type GroupCommit } from "../db/group-commit.ts";
import { orAborted } from "../deadlines.ts";
import { type Carrier, mayShare } from "./carriers.ts";
import type { Execution, Settled, Work } from "./execution.ts";
import type { Job } from "./job.ts";
import { settle } from "./settle.ts";

/** Settles small carriers of one job that run in one process at the same time in shared transactions. */
export type Coalescer = {
  /**
   * Settles the entries of a carrier together with those of other carriers that arrived while the job was
   * busy, so that they do not wait for each other's row locks one commit after another. If the signal of a
   * carrier aborts, its group is abandoned and the others are settled without it.
   *
   * @throws what its own entries throw when they are settled alone.
   */
  settle(execution: Execution, work: Work, ids: readonly string[], signal: AbortSignal): Promise<Settled>;
};

/** At most this many carriers per group: together no more entries than a batch. */
const MAX_GROUP = 10;
/**
 * While one group waits for its commit, the next one runs; more groups would only wait for each other's rows.
 */
const GROUPS_AT_ONCE = 2;
/** More carriers than any queue runs at once. */
const MAX_WAITING = 100;

/** Whether a carrier is coalesced with others. Large ones fill a transaction by themselves. */
export const mayCoalesce = (job: Job, carrier: Carrier): boolean =>
  job.form === "batch" && mayShare(job, carrier) && carrier.entries.length <= job.batch.size / MAX_GROUP;

type Member = {
  readonly execution: Execution;
  readonly work: Work;
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
};

/** Creates the coalescer of one process. */
export function createCoalescer(): Coalescer {
  const groups = new Map<string, GroupCommit<Member, Settled>>();
  const groupOf = (job: string) => {
    const known = groups.get(job);
    if (known) return known;
    const created = createGroupCommit({
      write: settleMembers,
      maxGroup: MAX_GROUP,
      maxWaiting: MAX_WAITING,
      atOnce: GROUPS_AT_ONCE,
    });
    groups.set(job, created);
    return created;
  };
  return {
    settle: (execution, work, ids, signal) => groupOf(work.job.name).submit({ execution, work, ids, signal }),
  };
}

async function settleMembers(members: readonly Member[]): Promise<readonly Settled[]> {
  const [first] = members;
  if (!first) return [];
  const ids = members.flatMap((member) => member.ids);
  const signal = AbortSignal.any(members.map((member) => member.signal));
  signal.throwIfAborted();
  const settled = await orAborted(settle(first.execution, first.work, ids, signal), signal);
  const byId = new Map(settled.map((entry) => [entry.id, entry]));
  return members.map((member) => member.ids.flatMap((id) => byId.get(id) ?? []));
}
