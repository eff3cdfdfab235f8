import { expect, it } from "vitest";
import { untilStalled } from "./eventually.ts";

/** A clock that advances by ten seconds whenever it is read. */
function steppingClock() {
  let ms = 0;
  return () => {
    ms += 10_000;
    return ms;
  };
}

it("untilStalled waits as long as progress changes, however long that takes", async () => {
  let done = 0;
  const nowMs = steppingClock();
  await untilStalled(() => expect(done).toBe(8), { progress: () => ++done, stalledMs: 60_000, nowMs });
  expect(nowMs()).toBeGreaterThan(120_000);
});

it("untilStalled throws the last error once progress has not changed for the given time", async () => {
  let tries = 0;
  const waiting = untilStalled(
    () => {
      tries += 1;
      throw new Error(`try ${tries}`);
    },
    { progress: () => ({ done: 3 }), stalledMs: 60_000, nowMs: steppingClock() },
  );
  await expect(waiting).rejects.toThrow(/^try [2-9]$/);
});
