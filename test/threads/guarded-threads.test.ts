import { afterAll, describe, expect, it } from "vitest";
import { openGuardedThreads } from "../../src/threads/guarded-threads.ts";

const guarded = openGuardedThreads({ size: 2, heapMiB: 64 });
afterAll(() => guarded.close());

const here = new URL("../support/guarded-tasks.ts", import.meta.url);
const limits = { processorMs: 60_000, totalMs: 60_000 };
const never = new AbortController().signal;
const pending = () => new Promise<never>(() => undefined);

const call = <T>(task: string, input: unknown, options: Partial<Parameters<typeof guarded.call>[3]> = {}) =>
  guarded.call<T>(here, task, input, { signal: never, limits, answer: async (n) => n, ...options });

describe("guarded threads", () => {
  it("answer requests of a task while it runs", async () => {
    expect(await call("addRequested", [1, 2, 3], { answer: async (n) => (n as number) * 10 })).toBe(60);
  });

  it("copy bytes alone, not the memory behind them, and leave them to the caller", async () => {
    const large = new Uint8Array(1_000_000);
    const part = large.subarray(10, 30);
    expect(await call("bytesRequested", null, { answer: async () => part })).toBe(20);
    expect(part).toHaveLength(20);
  });

  it("throw the error of an answer, whatever the task does with it", async () => {
    const refusal = new Error("the store is away");
    const answer = async () => {
      throw refusal;
    };
    await expect(call("addRequested", [1], { answer })).rejects.toBe(refusal);
    await expect(call("swallowRefusal", null, { answer })).rejects.toBe(refusal);
    expect(await call("swallowRefusal", null)).toBe("answered");
  });

  it("end a thread that computes forever, by its processor time; others go on, and a new one takes its place", async () => {
    const endless = [call("spinForEver", null, { limits: { processorMs: 300, totalMs: 60_000 } })];
    endless.push(call("spinForEver", null, { limits: { processorMs: 300, totalMs: 60_000 } }));
    const waiting = [1, 2, 3, 4].map((n) => call("addRequested", [n]));
    for (const end of endless) await expect(end).rejects.toMatchObject({ limit: "processor-time" });
    expect(await Promise.all(waiting)).toEqual([1, 2, 3, 4]);
  });

  it("leave the event loop responsive meanwhile", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await call("spinForEver", null, { limits: { processorMs: 300, totalMs: 60_000 } }).catch(() => undefined);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  it("end a task that waits for too long, although it computes nothing", async () => {
    const limited = { limits: { processorMs: 60_000, totalMs: 300 }, answer: pending };
    await expect(call("waitForEver", null, limited)).rejects.toMatchObject({ limit: "time" });
    expect(await call("addRequested", [5])).toBe(5);
  });

  it("end a thread whose memory grows above its limit, not the process", async () => {
    await expect(call("fillMemory", null)).rejects.toMatchObject({ limit: "memory" });
    expect(await call("addRequested", [6])).toBe(6);
  });

  it("survive leftovers of a task", async () => {
    const own = openGuardedThreads({ size: 1 });
    const onOne = (task: string, input: unknown) =>
      own.call(here, task, input, { signal: never, limits, answer: async (n) => n });
    expect(await onOne("leaveRejection", null)).toBe("ended");
    // On the same thread, which reaches it only now.
    expect(await onOne("outlast", 50)).toBe("ended");
    expect(await onOne("addRequested", [7])).toBe(7);
    await own.close();
  });

  it("end with the signal, and when they are closed", async () => {
    const stopped = new AbortController();
    const waiting = call("waitForEver", null, { signal: stopped.signal, answer: pending });
    stopped.abort(new Error("stopping"));
    await expect(waiting).rejects.toThrow("stopping");
    const own = openGuardedThreads({ size: 1 });
    const calls = [1, 2].map(() =>
      own.call(here, "waitForEver", null, { signal: never, limits, answer: pending }),
    );
    await own.close();
    for (const each of calls) await expect(each).rejects.toThrow("the threads are closed");
  });
});
