import { workerData } from "piscina";
import { runWhenIdle } from "./idle-priority.ts";

/** What a thread is told when it starts. */
export type ThreadData = { readonly givesWay: boolean };

if ((workerData as ThreadData).givesWay) runWhenIdle();

/** What a thread is asked: a function of a module, and its input. */
type Ask = { readonly module: string; readonly task: string; readonly input: unknown };

/** Piscina asks for the default export of its file; this is the one place that has one. */
// biome-ignore lint/style/noDefaultExport: Piscina's contract.
export default async function perform({ module, task, input }: Ask): Promise<unknown> {
  const { [task]: named } = (await import(module)) as Record<string, unknown>;
  if (typeof named !== "function") throw new Error(`${module} exports no function named ${task}.`);
  return named(input);
}
