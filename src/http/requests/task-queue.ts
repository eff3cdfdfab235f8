export type TaskQueue = {
  /** Runs a task when there is room. It must not reject. @returns false if too many wait: it is not run. */
  add(task: () => Promise<void>): boolean;
};

/** Runs tasks in order, at most `limit` at once. `maxWaiting`: of those that wait. */
export function createTaskQueue(limit: number, maxWaiting = Number.POSITIVE_INFINITY): TaskQueue {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  const runNext = () => {
    const task = running < limit ? waiting.shift() : undefined;
    if (task === undefined) return;
    running++;
    void task().finally(() => {
      running--;
      runNext();
    });
  };
  return {
    add(task) {
      if (running >= limit && waiting.length >= maxWaiting) return false;
      waiting.push(task);
      runNext();
      return true;
    },
  };
}
