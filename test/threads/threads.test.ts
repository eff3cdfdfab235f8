import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { openThreads, poolSize } from "../../src/threads/threads.ts";

const threads = openThreads({ size: 2 });
afterAll(() => threads.close());

const here = new URL("../support/thread-tasks.ts", import.meta.url);
const allocation = new URL("../../src/scoring/rewards/allocate.ts", import.meta.url);
const never = new AbortController().signal;

describe("threads", () => {
  it("call a function of a TypeScript module with plain data", async () => {
    expect(await threads.call<number>(here, "sumTo", 1_000, never)).toBe(499_500);
    await expect(threads.call(allocation, "noSuchTask", null, never)).rejects.toThrow(
      /no function named noSuchTask/,
    );
  });

  it("leave the event loop free while they compute", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await threads.call(here, "spin", 200, never);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it("pass an error of the task to the caller, and go on", async () => {
    await expect(threads.call(here, "fail", "on purpose", never)).rejects.toThrow("on purpose");
    expect(await threads.call<number>(here, "sumTo", 3, never)).toBe(3);
  });

  it("stop computing when the signal aborts", async () => {
    const abort = new AbortController();
    const endless = threads.call(here, "spin", 60_000, abort.signal);
    abort.abort();
    await expect(endless).rejects.toThrow();
    expect(await threads.call<number>(here, "sumTo", 3, never)).toBe(3);
  });

  it("serve calls that waited behind those whose threads were ended", async () => {
    const [abort, pool] = [new AbortController(), openThreads({ size: 1 })];
    const endless = pool.call(here, "spin", 60_000, abort.signal);
    const waiting = [3, 4, 5].map((n) => pool.call<number>(here, "sumTo", n, never));
    abort.abort();
    await expect(endless).rejects.toThrow();
    expect(await Promise.all(waiting)).toEqual([3, 6, 10]);
    await pool.close();
  });

  it("are one per processor at idle priority, and leave a processor to others without it", () => {
    expect([1, 2, 8].map((processors) => poolSize(processors, true))).toEqual([1, 2, 8]);
    expect([1, 2, 8].map((processors) => poolSize(processors, false))).toEqual([1, 1, 7]);
  });
});

/**
 * The number of the policy in Linux, and its field in /proc/<pid>/stat (proc(5): field 41), counted from
 * behind the name.
 */
const SCHED_IDLE = "5";
const POLICY_FIELD = 38;

const policyOf = (threadId: string): string | undefined => {
  const stat = readFileSync(`/proc/self/task/${threadId}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[POLICY_FIELD];
};

describe.runIf(process.platform === "linux")("idle priority", () => {
  it("is that of a thread, and not of the event loop", async () => {
    const before = new Set(readdirSync("/proc/self/task"));
    const pool = openThreads({ size: 1 });
    await pool.call(here, "sumTo", 3, never);
    const idle = readdirSync("/proc/self/task").filter(
      (id) => !before.has(id) && policyOf(id) === SCHED_IDLE,
    );
    // A thread may start others of its own, which inherit its policy.
    expect(idle).not.toEqual([]);
    expect(policyOf(String(process.pid))).toBe("0");
    await pool.close();
  });

  it("is not asked for where it is not wanted", async () => {
    const before = new Set(readdirSync("/proc/self/task"));
    const pool = openThreads({ size: 1, idlePriority: false });
    await pool.call(here, "sumTo", 3, never);
    const policies = readdirSync("/proc/self/task")
      .filter((id) => !before.has(id))
      .map(policyOf);
    expect(policies).not.toContain(SCHED_IDLE);
    await pool.close();
  });
});
