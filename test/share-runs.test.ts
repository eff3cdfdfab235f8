import { expect, it } from "vitest";
import { shareRuns } from "../src/share-runs.ts";
import { gate } from "./support/gate.ts";

/** Shared work that waits for a gate in each run, and returns the number of the run. */
function scene() {
  const gates = Array.from({ length: 3 }, gate);
  let runs = 0;
  let atOnce = 0;
  const ask = shareRuns(async () => {
    const run = runs++;
    atOnce++;
    await gates[run]?.passed;
    const seen = atOnce--;
    return { run, seen };
  });
  return { ask, open: (run: number) => gates[run]?.open(), runs: () => runs };
}

it("requests during a run share the next one, which begins afterwards", async () => {
  const { ask, open, runs } = scene();
  const first = ask();
  const others = [ask(), ask(), ask()];
  expect(runs()).toBe(1);
  for (const run of [0, 1]) open(run);
  expect(await first).toEqual({ run: 0, seen: 1 });
  expect(await Promise.all(others)).toEqual(Array(3).fill({ run: 1, seen: 1 }));
  open(2);
  expect(await ask()).toEqual({ run: 2, seen: 1 });
});

it("a run that fails does not fail the next one", async () => {
  let runs = 0;
  const ask = shareRuns(async () => {
    runs++;
    if (runs === 1) throw new Error("lost");
    return runs;
  });
  const first = ask();
  const second = ask();
  await expect(first).rejects.toThrow("lost");
  expect(await second).toBe(2);
});
