export type TaskQueue = {
  /** Runs a task when there is room. It must not reject. */
  add(task: () => Promise<void>): void;
};

/** Runs tasks in order, at most `limit` at once. */
export function createTaskQueue(limit: number): TaskQueue {
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
      waiting.push(task);
      runNext();
    },
  };
}
