import { setImmediate as nextIteration } from "node:timers/promises";
import { isContention, isDatabaseAbsent, isSystemicFault } from "./faults.ts";

/** Too many items are waiting: the caller should retry later. */
export class GroupCommitFull extends Error {
  override readonly name = "GroupCommitFull";
  constructor(waiting: number) {
    super(`${waiting} items are already waiting`);
  }
}

/** The process is shutting down and accepts no more items. */
export class GroupCommitClosed extends Error {
  override readonly name = "GroupCommitClosed";
  constructor() {
    super("the process is shutting down");
  }
}

export type GroupCommitOptions<T, R> = {
  /** Writes the items in one transaction. Returns a result for each, in order; throws if none was written. */
  readonly write: (items: readonly T[]) => Promise<readonly R[]>;
  readonly maxGroup: number;
  readonly maxWaiting: number;
  /** How many groups are written concurrently. Default: 1. */
  readonly atOnce?: number;
  /** Whether halving a group would not help. Default: for faults that are not about rows. */
  readonly isSystemic?: (error: unknown) => boolean;
};

export type GroupCommit<T, R> = {
  /**
   * Resolves when the item is committed.
   * @throws GroupCommitFull, GroupCommitClosed, or what writing this item threw.
   */
  submit(item: T): Promise<R>;
  /** Accepts no more items; resolves when all accepted ones are settled. */
  close(): Promise<void>;
};

type Waiting<T, R> = {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Commits in groups: while writes are under way, the next group collects. There is no timer: a single item
 * waits for one iteration of the event loop, and the slower the disk, the larger the groups.
 */
export function createGroupCommit<T, R>(options: GroupCommitOptions<T, R>): GroupCommit<T, R> {
  const { maxGroup, maxWaiting, atOnce = 1 } = options;
  let waiting: Waiting<T, R>[] = [];
  let writers = 0;
  let written = Promise.resolve();
  let closed = false;

  const writeAll = async () => {
    while (waiting.length > 0) {
      // Includes what has arrived in this iteration. Otherwise, of senders that were answered together, the
      // first to return is written alone while the others wait: measured, every second group had one item.
      await nextIteration();
      const group = waiting.slice(0, maxGroup);
      waiting = waiting.slice(maxGroup);
      // Another writer may have taken them all.
      if (group.length === 0) break;
      const outage = await writeGroup(group, options);
      // Every queued group would fail the same way, so reject them all now.
      if (outage !== null) for (const one of waiting.splice(0)) one.reject(outage);
    }
    // In the same iteration as the last check, so that a later item starts a writer.
    writers -= 1;
  };
  const startWriter = () => {
    writers += 1;
    const earlier = written;
    written = writeAll().then(() => earlier);
  };
  return {
    submit(item) {
      if (closed) return Promise.reject(new GroupCommitClosed());
      if (waiting.length >= maxWaiting) return Promise.reject(new GroupCommitFull(waiting.length));
      return new Promise<R>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (writers < atOnce) startWriter();
      });
    },
    async close() {
      closed = true;
      await written;
    },
  };
}

/**
 * Settles every item of the group; never throws. A group that fails because of an item is halved until that
 * one is alone. A fault that is not about the items rejects the whole group.
 * @returns the error if Postgres is unreachable, else null.
 */
async function writeGroup<T, R>(
  group: readonly Waiting<T, R>[],
  options: GroupCommitOptions<T, R>,
  contended = false,
): Promise<unknown> {
  try {
    const results = await options.write(group.map((one) => one.item));
    if (results.length !== group.length)
      throw new Error("write returned the wrong number of results for its group");
    for (const [index, one] of group.entries()) one.resolve(results[index] as R);
    return null;
  } catch (error) {
    // The other transaction of a deadlock has been committed by now.
    if (!contended && isContention(error)) return writeGroup(group, options, true);
    const systemic = (options.isSystemic ?? isSystemicFault)(error);
    if (systemic || group.length === 1) {
      for (const one of group) one.reject(error);
      return isDatabaseAbsent(error) ? error : null;
    }
  }
  const middle = Math.ceil(group.length / 2);
  const outage = await writeGroup(group.slice(0, middle), options);
  const rest = group.slice(middle);
  if (outage === null) return writeGroup(rest, options);
  for (const one of rest) one.reject(outage);
  return outage;
}
