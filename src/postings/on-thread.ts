import type { ComputeContext } from "../queues/job.ts";

const TASKS = new URL(`./recommend.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** Calls a task of src/postings/recommend.task.ts on a thread. */
export const recommendOnThread = <Result>(
  { compute, signal }: ComputeContext,
  task: string,
  input: unknown,
) => compute.threads.call<Result>(TASKS, task, input, signal);
