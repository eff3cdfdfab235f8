import { setImmediate as nextTurn } from "node:timers/promises";
import { isDatabaseAbsent } from "./faults.ts";

/** More is waiting than can be written soon: the caller should come again. */
export class GroupCommitFull extends Error {
  override readonly name = "GroupCommitFull";
  constructor(waiting: number) {
    super(`${waiting} items wait to be written already`);
  }
}

/** The process is shutting down and takes nothing more. */
export class GroupCommitClosed extends Error {
  override readonly name = "GroupCommitClosed";
  constructor() {
    super("nothing more is taken: the process is stopping");
  }
}

export type GroupCommitOptions<T, R> = {
  /** Writes the items in one transaction; one result for each, in order. Throws when none of them was written. */
  readonly write: (items: readonly T[]) => Promise<readonly R[]>;
  readonly maxGroup: number;
  readonly maxWaiting: number;
  /** So many groups are written at the same time; one, unless said. */
  readonly atOnce?: number;
};

export type GroupCommit<T, R> = {
  /**
   * Resolves when the item is committed.
   * @throws GroupCommitFull, GroupCommitClosed, or what its own write threw.
   */
  submit(item: T): Promise<R>;
  /** Takes nothing more; resolves when everything taken has been answered. */
  close(): Promise<void>;
};

type Waiting<T, R> = {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Commits in groups: while writes are under way, the next group collects. There is no timer: an item alone waits for one
 * turn of the event loop, and the slower the disk, the larger the groups.
 */
export function createGroupCommit<T, R>(options: GroupCommitOptions<T, R>): GroupCommit<T, R> {
  const { write, maxGroup, maxWaiting, atOnce = 1 } = options;
  let waiting: Waiting<T, R>[] = [];
  let writers = 0;
  let written = Promise.resolve();
  let closed = false;

  const writeAll = async () => {
    while (waiting.length > 0) {
      // What has arrived already comes along. Without this, senders that were answered together return as one that is
      // written alone and all others who wait for it: measured, every second group was a group of one.
      await nextTurn();
      const group = waiting.slice(0, maxGroup);
      waiting = waiting.slice(maxGroup);
      // Another writer may have taken them all.
      if (group.length === 0) break;
      const outage = await writeGroup(group, write);
      // Whoever waits would meet the same closed door, one group after another.
      if (outage !== null) for (const one of waiting.splice(0)) one.reject(outage);
    }
    // In the same turn as the last look: what comes now starts a writer of its own.
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
 * Answers each of the group; never throws. A group that fails is halved until the culprit stands alone.
 * @returns the error that says that Postgres is absent, if it was.
 */
async function writeGroup<T, R>(
  group: readonly Waiting<T, R>[],
  write: GroupCommitOptions<T, R>["write"],
): Promise<unknown> {
  try {
    const results = await write(group.map((one) => one.item));
    if (results.length !== group.length)
      throw new Error("A group was answered with too few or too many results.");
    for (const [index, one] of group.entries()) one.resolve(results[index] as R);
    return null;
  } catch (error) {
    const absent = isDatabaseAbsent(error);
    if (absent || group.length === 1) {
      for (const one of group) one.reject(error);
      return absent ? error : null;
    }
  }
  const middle = Math.ceil(group.length / 2);
  const outage = await writeGroup(group.slice(0, middle), write);
  const rest = group.slice(middle);
  if (outage === null) return writeGroup(rest, write);
  for (const one of rest) one.reject(outage);
  return outage;
}
