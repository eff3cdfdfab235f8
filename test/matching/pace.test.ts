import { describe, expect, it } from "vitest";
import { openPace } from "../../src/matching/pace.ts";

/** A machine whose clock moves when somebody rests, and whose processors are busy to a share. */
function machine(share: { busy: number }) {
  let ms = 0;
  let normal = 0;
  const pass = (by: number) => {
    ms += by;
    normal += by * share.busy;
  };
  const pace = openPace({
    processorTime: () => ({ normal, all: ms }),
    now: () => ms,
    rest: async (by) => pass(by),
  });
  return { pace, pass, now: () => ms };
}
const never = new AbortController().signal;

describe("turns at large statements", () => {
  it("follow each other at once while the processors have room", async () => {
    const { pace, pass, now } = machine({ busy: 0.5 });
    for (let n = 0; n < 3; n++) {
      await pace.turn(never);
      pass(100);
      pace.end();
    }
    expect(now()).toBe(300);
  });

  it("are followed by a rest of their own length, at most 2 s, where others want the processors", async () => {
    const { pace, pass, now } = machine({ busy: 0.95 });
    await pace.turn(never);
    pass(100);
    pace.end();
    await pace.turn(never);
    expect(now()).toBe(200);
    pass(2_500);
    pace.end();
    await pace.turn(never);
    expect(now()).toBe(200 + 2_500 + 2_000);
  });

  it("come one by one, in the order of asking, and one that is never given back ends by itself", async () => {
    const { pace, now } = machine({ busy: 0.1 });
    const order: string[] = [];
    const first = pace.turn(never).then(() => order.push("first"));
    const second = pace.turn(never).then(() => order.push(`second at ${now()}`));
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second at 5000"]);
  });

  it("are let go by whoever is told to stop, and the next one comes", async () => {
    const { pace } = machine({ busy: 0.1 });
    const stop = new AbortController();
    stop.abort(new Error("stop"));
    await expect(pace.turn(stop.signal)).rejects.toThrow("stop");
    await pace.turn(never);
  });
});
