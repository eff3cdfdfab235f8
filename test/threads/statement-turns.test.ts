import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStatementTurns } from "../../src/threads/statement-turns.ts";

const never = new AbortController().signal;
/** By the faked timers. */
const rest = (ms: number, signal = never) =>
  new Promise<void>((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener("abort", aborted);
    setTimeout(() => {
      signal.removeEventListener("abort", aborted);
      resolve();
    }, ms);
  });
const settled = () => new Promise(setImmediate);

describe("statement turns", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  /** Turns on a machine that is crowded or not; names are recorded as their turns begin. */
  function open(crowded: boolean) {
    const restart = vi.fn();
    const turns = openStatementTurns({
      load: { isCrowded: () => crowded, record: () => undefined, restart },
      now: () => performance.now(),
      rest,
    });
    const begun: string[] = [];
    const take = async (name: string, signal = never) => {
      const turn = await turns.take(signal);
      begun.push(name);
      return turn;
    };
    /** Runs a statement of the turn that has begun. */
    const statement = (ms: number) => vi.advanceTimersByTimeAsync(ms);
    return { begun, take, statement, restart };
  }

  it("come one at a time, first come, first served", async () => {
    const { begun, take } = open(false);
    const [first, second, third] = ["first", "second", "third"].map((name) => take(name));
    await settled();
    expect(begun).toEqual(["first"]);
    (await first)?.end();
    (await second)?.end();
    await third;
    expect(begun).toEqual(["first", "second", "third"]);
  });

  it("follow each other at once while others leave the processors alone", async () => {
    const { begun, take, statement } = open(false);
    const first = await take("first");
    void take("second");
    await statement(50);
    await first.pause(never);
    await statement(50);
    first.end();
    await settled();
    expect(begun).toEqual(["first", "second"]);
  });

  it("sample the processors anew after 10 s without a turn, and not between turns", async () => {
    const { take, statement, restart } = open(false);
    const first = await take("first");
    await statement(50);
    first.end();
    await statement(9_000);
    (await take("second")).end();
    expect(restart).toHaveBeenCalledTimes(1);
    await statement(10_001);
    await take("third");
    expect(restart).toHaveBeenCalledTimes(2);
  });

  it("rest four times as long as they worked while the processors are wanted", async () => {
    const { begun, take, statement } = open(true);
    const first = await take("first");
    void take("second");
    await statement(20);
    const resting = first.pause(never).then(() => "rested");
    expect(await Promise.race([resting, vi.advanceTimersByTimeAsync(79).then(() => "resting")])).toBe(
      "resting",
    );
    await vi.advanceTimersByTimeAsync(1);
    expect(await resting).toBe("rested");
    await statement(20);
    first.end();
    await vi.advanceTimersByTimeAsync(79);
    expect(begun).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(["first", "second"]);
  });

  it("rest for at most 100 ms between two statements, and owe the remainder to the next turn, at most 2 s", async () => {
    const { begun, take, statement } = open(true);
    const first = await take("first");
    void take("second");
    await statement(200);
    const rested = first.pause(never);
    await vi.advanceTimersByTimeAsync(100);
    await rested;
    await statement(100);
    first.end();
    // Owed: 4 x 200 - 100 + 4 x 100.
    await vi.advanceTimersByTimeAsync(1_099);
    expect(begun).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(["first", "second"]);
    await statement(900);
    await settled();
  });

  it("end by themselves after 5 s, and ending one late does not end another's", async () => {
    const { begun, take } = open(true);
    const first = take("first");
    const second = take("second");
    const third = take("third");
    await settled();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(begun).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    await second;
    (await first).end();
    await vi.advanceTimersByTimeAsync(4_000);
    expect(begun).toEqual(["first", "second"]);
    (await second).end();
    await vi.advanceTimersByTimeAsync(2_000);
    await third;
  });

  it("end with the attempt that took them, and ending one late does not end another's", async () => {
    const { begun, take } = open(true);
    const attempt = new AbortController();
    const first = await take("first", attempt.signal);
    const second = take("second");
    void take("third");
    await settled();
    expect(begun).toEqual(["first"]);
    attempt.abort();
    await second;
    first.end();
    await settled();
    expect(begun).toEqual(["first", "second"]);
    (await second).end();
  });

  it("are not given to a caller that has been aborted, and the next one has its turn", async () => {
    const { begun, take } = open(false);
    const first = await take("first");
    const stop = new AbortController();
    const second = take("second", stop.signal);
    const third = take("third");
    stop.abort(new Error("stopped"));
    first.end();
    await expect(second).rejects.toThrow("stopped");
    await third;
    expect(begun).toEqual(["first", "third"]);
  });

  it("stop resting when the signal aborts", async () => {
    const { take, statement } = open(true);
    const turn = await take("first");
    await statement(20);
    const stop = new AbortController();
    const resting = turn.pause(stop.signal);
    stop.abort();
    await expect(resting).rejects.toThrow();
    turn.end();
  });
});
