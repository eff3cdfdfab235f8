import type { ComputeContext } from "../../queues/job.ts";

const moduleOf = (name: string): URL =>
  new URL(`./${name}.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

const onThread =
  (module: URL) =>
  <Result>({ compute, signal }: ComputeContext, task: string, input: unknown) =>
    compute.threads.call<Result>(module, task, input, signal);

/** Calls a task of src/postings/recommend/recommend.task.ts on a thread. */
export const recommendOnThread = onThread(moduleOf("recommend"));

/** Calls a task of src/postings/recommend/merge.task.ts on a thread. */
export const mergeOnThread = onThread(moduleOf("merge"));
