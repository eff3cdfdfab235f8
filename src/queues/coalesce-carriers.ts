import { isSystemicFault } from "../db/faults.ts";
import { createGroupCommit, type GroupCommit } from "../db/group-commit.ts";
import { orAborted } from "../deadlines.ts";
import { inGroup } from "../tracing/in-group.ts";
import type { Span } from "../tracing/tracing.ts";
import { type Carrier, mayShare } from "./carriers.ts";
import type { Execution, Settled, Work } from "./execution.ts";
import type { Job } from "./job.ts";
import { Interrupted, TimeLimitExceeded } from "./outcome.ts";
import { settleInTime } from "./settle.ts";

/** Settles small carriers of one job that run in one process at the same time, in shared transactions. */
export type Coalescer = {
  /**
   * Settles the entries of a carrier together with those of other carriers that arrived while the job was
   * busy, so that they do not wait for each other's row locks one commit after another. The group has one
   * time limit, from when it begins. A carrier that is stopped does not wait for its group any longer; the
   * group is abandoned when all of its carriers are.
   *
   * @throws the error of its own entries, settled alone; or that of the group, if entries did not cause it.
   */
  settle(execution: Execution, work: Work, ids: readonly string[], stop: AbortSignal): Promise<Settled>;
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
  readonly stop: AbortSignal;
  readonly span: Span | null;
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
      isSystemic: (error) =>
        isSystemicFault(error) || error instanceof TimeLimitExceeded || error instanceof Interrupted,
    });
    groups.set(job, created);
    return created;
  };
  return {
    settle: (execution, work, ids, stop) =>
      orAborted(
        groupOf(work.job.name).submit({ execution, work, ids, stop, span: execution.tracing.current() }),
        stop,
      ),
  };
}

async function settleMembers(members: readonly Member[]): Promise<readonly Settled[]> {
  const present = members.filter(({ stop }) => !stop.aborted);
  const [first] = present;
  if (!first) return members.map(() => []);
  const ids = present.flatMap((member) => member.ids);
  const { signal, detach } = abortedByAll(present.map(({ stop }) => stop));
  try {
    const spans = present.map(({ span }) => span);
    const settled = await inGroup(first.execution.tracing, "settle together", spans, () =>
      settleInTime(first.execution, first.work, ids, signal),
    );
    const byId = new Map(settled.map((entry) => [entry.id, entry]));
    return members.map((member) => member.ids.flatMap((id) => byId.get(id) ?? []));
  } finally {
    detach();
  }
}

/** A signal that aborts once all the others have. */
function abortedByAll(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; detach(): void } {
  const all = new AbortController();
  const onAbort = () => {
    if (signals.every(({ aborted }) => aborted)) all.abort();
  };
  for (const signal of signals) signal.addEventListener("abort", onAbort, { once: true });
  return {
    signal: all.signal,
    detach() {
      for (const signal of signals) signal.removeEventListener("abort", onAbort);
    },
  };
}
