import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openStatementTurns } from "../../src/threads/statement-turns.ts";

const never = new AbortController().signal;
const settled = () => new Promise(setImmediate);

describe("statement turns", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** Asks for a turn under a name, which is noted when the turn begins. */
  function record() {
    const turns = openStatementTurns();
    const begun: string[] = [];
    const take = async (name: string, signal = never) => {
      const turn = await turns.take(signal);
      begun.push(name);
      return turn;
    };
    return { begun, take };
  }

  it("come one at a time, in the order of asking", async () => {
    const { begun, take } = record();
    const [first, second, third] = ["first", "second", "third"].map((name) => take(name));
    await settled();
    expect(begun).toEqual(["first"]);
    (await first)?.end();
    (await second)?.end();
    await third;
    expect(begun).toEqual(["first", "second", "third"]);
  });

  it("end by themselves after 5 s, and ending one late does not end another's", async () => {
    const { begun, take } = record();
    const first = take("first");
    const second = take("second");
    const third = take("third");
    await settled();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(begun).toEqual(["first"]);
    await vi.advanceTimersByTimeAsync(1);
    await second;
    (await first).end();
    await settled();
    expect(begun).toEqual(["first", "second"]);
    (await second).end();
    await third;
  });

  it("are not given to a caller that has been aborted, and the next one has its turn", async () => {
    const { begun, take } = record();
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
});
