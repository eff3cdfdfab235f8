import { writeSync } from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// Loaded with --import, it registers itself as a loader hook that prints the URL of each module to stderr.
if (isMainThread) register(import.meta.url);

/** The hook: runs on the thread of the loader. */
export async function load(url, context, nextLoad) {
  writeSync(2, `loaded ${url}\n`);
  return nextLoad(url, context);
}
