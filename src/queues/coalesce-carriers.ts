import { createGroupCommit, type GroupCommit } from "../db/group-commit.ts";
import { orAborted } from "../deadlines.ts";
import type { Carrier, Execution, Settled, Work } from "./execution.ts";
import type { Job } from "./job.ts";
import { settle } from "./settle.ts";

/** Where small carriers of one job meet that one process runs at the same time. */
export type Company = {
  /**
   * Settles entries of a carrier, with those of others that came while the job was busy: in one transaction, so that they do not wait
   * for each other's rows, one commit after another. A carrier whose signal aborts takes its group along; the others go on without it.
   *
   * @throws what its own entries threw, once nobody else was with them.
   */
  settle(execution: Execution, work: Work, ids: readonly string[], signal: AbortSignal): Promise<Settled>;
};

/** So many carriers make one group: together no more than a batch. */
const MAX_GROUP = 10;
/** While one group waits for the disk, another begins; more would only wait for each other's rows. */
const GROUPS_AT_ONCE = 2;
/** More carriers than any queue runs at once. */
const MAX_WAITING = 100;

/** Large carriers fill a transaction by themselves, and one that has failed before is looked at alone. */
export const mayMeet = (job: Job, { entries, alone = false }: Carrier): boolean =>
  job.form === "batch" && !alone && entries.length <= job.batch.size / MAX_GROUP;

type Member = {
  readonly execution: Execution;
  readonly work: Work;
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
};

/** Opens the meeting places of one process. */
export function createCompany(): Company {
  const groups = new Map<string, GroupCommit<Member, Settled>>();
  const groupOf = (job: string) => {
    const known = groups.get(job);
    if (known) return known;
    const opened = createGroupCommit({
      write: settleMembers,
      maxGroup: MAX_GROUP,
      maxWaiting: MAX_WAITING,
      atOnce: GROUPS_AT_ONCE,
    });
    groups.set(job, opened);
    return opened;
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
