import { availableParallelism } from "node:os";
import { expect, it } from "vitest";
import { withBusyProcessors } from "../../../src/dev/checks/busy-processors.ts";

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it.each(["succeeds", "fails"])("one process for each processor spins until the work %s", async (end) => {
  let spinning: readonly number[] = [];
  const work = withBusyProcessors(async (pids) => {
    spinning = pids;
    expect(pids.filter(isRunning)).toHaveLength(availableParallelism());
    if (end === "fails") throw new Error("the work failed");
    return "the work succeeded";
  });
  if (end === "fails") await expect(work).rejects.toThrow("the work failed");
  else expect(await work).toBe("the work succeeded");
  expect(spinning.filter(isRunning)).toEqual([]);
});
