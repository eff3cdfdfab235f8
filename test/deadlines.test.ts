import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  becomesTrue,
  DeadlineExceeded,
  linkSignals,
  orAborted,
  settlesWithin,
  withinLimit,
  withTimeLimit,
} from "../src/deadlines.ts";

const never = new Promise<never>(() => undefined);

describe("orAborted", () => {
  it("settles like the work", async () => {
    const { signal } = new AbortController();
    await expect(orAborted(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(orAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  });

  it("rejects with the reason of a signal that aborts, or has aborted before", async () => {
    const controller = new AbortController();
    const waiting = orAborted(never, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(orAborted(never, controller.signal)).rejects.toThrow("enough");
  });
});

describe("linkSignals", () => {
  it("aborts with the first of several signals, even if one has already aborted", () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals(a.signal, b.signal);
    expect(signal.aborted).toBe(false);
    b.abort(new Error("b"));
    a.abort(new Error("a"));
    expect(signal.reason).toEqual(new Error("b"));
    expect(linkSignals(new AbortController().signal, b.signal).signal.reason).toEqual(new Error("b"));
  });

  it("leaks no listener in a signal that lives on", () => {
    const longLived = new AbortController();
    const { signal, release } = linkSignals(longLived.signal);
    expect(getEventListeners(longLived.signal, "abort")).toHaveLength(1);
    release();
    expect(getEventListeners(longLived.signal, "abort")).toHaveLength(0);
    longLived.abort();
    expect(signal.aborted).toBe(false);
  });
});

describe("withinLimit", () => {
  it("settles like the work, and rejects with DeadlineExceeded after the limit", async () => {
    await expect(withinLimit(60_000, async () => 7)).resolves.toBe(7);
    await expect(withinLimit(60_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(withinLimit(1, () => never)).rejects.toThrow(DeadlineExceeded);
  });
});

describe("settlesWithin", () => {
  it("tells whether a promise settled, fulfilled or rejected", async () => {
    expect(await settlesWithin(60_000, Promise.resolve())).toBe(true);
    expect(await settlesWithin(60_000, Promise.reject(new Error("no")))).toBe(true);
    expect(await settlesWithin(1, never)).toBe(false);
  });
});

describe("becomesTrue", () => {
  it("polls the condition until it holds or the limit has passed", async () => {
    let polls = 0;
    expect(await becomesTrue(60_000, () => ++polls > 2)).toBe(true);
    expect(await becomesTrue(1, () => false)).toBe(false);
  });
});

describe("withTimeLimit", () => {
  const limit = (ms: number, stop: AbortSignal) => ({
    ms,
    stop,
    timedOut: () => new Error("timed out"),
    stopped: () => new Error("stopped"),
  });

  it("aborts the work at its limit, and when it is stopped", async () => {
    const stop = new AbortController();
    const reasons: unknown[] = [];
    const work = (signal: AbortSignal) => {
      signal.addEventListener("abort", () => reasons.push(signal.reason.message));
      return never;
    };
    await expect(withTimeLimit(limit(1, stop.signal), work)).rejects.toThrow("timed out");
    const running = withTimeLimit(limit(60_000, stop.signal), work);
    stop.abort();
    await expect(running).rejects.toThrow("stopped");
    expect(reasons).toEqual(["timed out", "stopped"]);
  });

  it("aborts the signal once the work has ended, so that the resources it holds are released", async () => {
    const signals: AbortSignal[] = [];
    const work = async (signal: AbortSignal) => {
      signals.push(signal);
      return signal.aborted;
    };
    expect(await withTimeLimit(limit(60_000, new AbortController().signal), work)).toBe(false);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it("does not start work that is stopped already", async () => {
    let started = false;
    const work = async () => {
      started = true;
    };
    await expect(withTimeLimit(limit(60_000, AbortSignal.abort()), work)).rejects.toThrow("stopped");
    expect(started).toBe(false);
  });
});
