import type { Request } from "express";
import type { Html } from "../../../html.ts";
import { notice } from "./elements.ts";
import { hrefOf } from "./filters.ts";

/** What an action has done, by the code in the address of the page that is shown after it. */
const DONE = {
  "job-paused": (job) => `The job ${job} is paused.`,
  "job-resumed": (job) => `The job ${job} is resumed: its work is due again.`,
  "queue-paused": (queue) => `All jobs of the queue ${queue} are paused.`,
  "queue-resumed": (queue) => `All jobs of the queue ${queue} are resumed: their work is due again.`,
  "schedule-paused": (name) => `The schedule ${name} is paused: it opens no slot until it is resumed.`,
  "schedule-resumed": (name) => `The schedule ${name} is resumed.`,
  "run-started": (run) => `The run ${run} is started.`,
} as const satisfies Record<string, (name: string) => string>;
type Done = keyof typeof DONE;

/** The page that is shown after an action, which `doneNotice` reads. @param name of what was acted on. */
export const doneHref = (path: string, done: Done, name: string): string =>
  hrefOf(path, { done, about: name });

/**
 * What the action before this page has done, for screen readers as well. A link cannot put a text of its own
 * on the page: the code is one of those above, and the name one of those that are given.
 */
export function doneNotice({ query }: Request, names: readonly string[]): Html | null {
  const { done, about } = query;
  const isKnown = typeof done === "string" && Object.hasOwn(DONE, done);
  if (!isKnown || typeof about !== "string" || !names.includes(about)) return null;
  return notice(DONE[done as Done](about));
}
