import { afterAll, describe, expect, it } from "vitest";
import { openThreads } from "../../src/threads/threads.ts";

const threads = openThreads(2);
afterAll(() => threads.close());

const here = new URL("../support/thread-tasks.ts", import.meta.url);
const allocation = new URL("../../src/scoring/rewards/allocate.ts", import.meta.url);
const never = new AbortController().signal;

describe("threads", () => {
  it("calls a function of a TypeScript module with plain data", async () => {
    expect(await threads.call<number>(here, "sumTo", 1_000, never)).toBe(499_500);
    await expect(threads.call(allocation, "noSuchTask", null, never)).rejects.toThrow(
      /no function named noSuchTask/,
    );
  });

  it("leaves the event loop free while a thread computes", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await threads.call(here, "spin", 200, never);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it("an error of the task reaches the caller, and the pool goes on", async () => {
    await expect(threads.call(here, "fail", "on purpose", never)).rejects.toThrow("on purpose");
    expect(await threads.call<number>(here, "sumTo", 3, never)).toBe(3);
  });

  it("an abort ends the computation, not only the wait for it", async () => {
    const abort = new AbortController();
    const endless = threads.call(here, "spin", 60_000, abort.signal);
    abort.abort();
    await expect(endless).rejects.toThrow();
    expect(await threads.call<number>(here, "sumTo", 3, never)).toBe(3);
  });
});
