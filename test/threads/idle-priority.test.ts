import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openThreads } from "../../src/threads/threads.ts";

const here = new URL("../support/thread-tasks.ts", import.meta.url);
/** The number of the policy in Linux, and where /proc says it (proc(5): field 41, counted here from behind the name). */
const SCHED_IDLE = "5";
const POLICY_AT = 38;

const policyOf = (threadId: string): string | undefined => {
  const stat = readFileSync(`/proc/self/task/${threadId}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[POLICY_AT];
};

it.runIf(process.platform === "linux")(
  "a thread runs only while a processor is idle, and the event loop as everybody does",
  async () => {
    const before = new Set(readdirSync("/proc/self/task"));
    const threads = openThreads(1);
    await threads.call(here, "sumTo", 3, new AbortController().signal);
    const idle = readdirSync("/proc/self/task").filter(
      (id) => !before.has(id) && policyOf(id) === SCHED_IDLE,
    );
    expect(idle).toHaveLength(1);
    expect(policyOf(String(process.pid))).toBe("0");
    await threads.close();
  },
);
