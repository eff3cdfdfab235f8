import { describe, expect, it } from "vitest";
import { openPace } from "../../src/threads/statement-turns.ts";

const PROCESSORS = 2;

/** A machine whose clock moves when somebody rests; others keep a share of its processors busy, a statement keeps one of them. */
function machine(others: { share: number }) {
  let ms = 0;
  let normal = 0;
  const pass = (by: number, ours: number) => {
    ms += by;
    normal += by * (PROCESSORS * others.share + ours);
  };
  const pace = openPace({
    processorTime: () => ({ normal, all: PROCESSORS * ms }),
    now: () => ms,
    rest: async (by) => pass(by, 0),
  });
  const statement = async (tookMs: number) => {
    const turn = await pace.turn(never);
    pass(tookMs, 1);
    turn.end();
  };
  return { pace, pass, statement, now: () => ms };
}
const never = new AbortController().signal;

describe("turns at large statements", () => {
  it("follow each other at once while others leave the processors alone, though they keep one busy themselves", async () => {
    const { statement, now } = machine({ share: 0.1 });
    for (let n = 0; n < 20; n++) await statement(100);
    expect(now()).toBe(2_000);
  });

  it("are followed by a rest of four times their length, where others want the processors", async () => {
    const { pace, statement, now } = machine({ share: 0.45 });
    await statement(300);
    const turn = await pace.turn(never);
    expect(now()).toBe(300 + 1_200);
    turn.end();
    await statement(20);
    const ended = now();
    await pace.turn(never);
    expect(now()).toBe(ended + 80);
  });

  it("rest for 2 s at most", async () => {
    const { pace, statement, now } = machine({ share: 0.45 });
    await statement(900);
    await pace.turn(never);
    expect(now()).toBe(900 + 2_000);
  });

  it("rest no more once the others have gone", async () => {
    const others = { share: 0.45 };
    const { statement, now } = machine(others);
    await statement(300);
    others.share = 0;
    await statement(300);
    const alone = now();
    for (let n = 0; n < 5; n++) await statement(100);
    expect(now()).toBe(alone + 500);
  });

  it("are handed on the moment they are given back", async () => {
    const aborted = (signal: AbortSignal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const pace = openPace({
      processorTime: () => ({ normal: 0, all: 1 }),
      now: () => 0,
      rest: (_ms, signal) => aborted(signal),
    });
    const first = await pace.turn(never);
    const second = pace.turn(never).then(() => "second");
    await new Promise(setImmediate);
    first.end();
    expect(await second).toBe("second");
  });

  it("come one by one, in the order of asking, and one that is never given back ends by itself", async () => {
    const { pace, now } = machine({ share: 0.1 });
    const begun: string[] = [];
    const ask = async (name: string) => {
      const turn = await pace.turn(never);
      begun.push(`${name} at ${now()}`);
      return turn;
    };
    const [first] = await Promise.all([ask("first"), ask("second")]);
    expect(begun).toEqual(["first at 0", "second at 5000"]);
    // Whose turn has ended by itself does not end that of another.
    first.end();
    await ask("third");
    expect(begun.at(-1)).toBe("third at 10000");
  });

  it("are let go by whoever is told to stop, and the next one comes", async () => {
    const { pace } = machine({ share: 0.1 });
    const stop = new AbortController();
    stop.abort(new Error("stop"));
    await expect(pace.turn(stop.signal)).rejects.toThrow("stop");
    await pace.turn(never);
  });
});
