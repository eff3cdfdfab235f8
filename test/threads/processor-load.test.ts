import { describe, expect, it } from "vitest";
import { openProcessorLoad } from "../../src/threads/processor-load.ts";

const PROCESSORS = 2;

/** A machine on which others keep a share of the processors busy, and a statement keeps one of them busy. */
function openMachine(others: { share: number }) {
  let ms = 0;
  let normal = 0;
  const load = openProcessorLoad(
    () => ({ normal, total: PROCESSORS * ms }),
    () => ms,
  );
  /** Runs a statement. @returns whether the machine is crowded after it. */
  const statement = (tookMs: number): boolean => {
    ms += tookMs;
    normal += tookMs * (PROCESSORS * others.share + 1);
    load.record(tookMs);
    return load.isCrowded();
  };
  /** Others use the processors as they do, while nothing of ours runs. */
  const idle = (tookMs: number): void => {
    ms += tookMs;
    normal += tookMs * PROCESSORS * others.share;
  };
  return { statement, idle, restart: load.restart };
}

describe("processor load", () => {
  it("is not crowded by the statements themselves", () => {
    const { statement } = openMachine({ share: 0.1 });
    expect(Array.from({ length: 20 }, () => statement(100))).not.toContain(true);
  });

  it("is crowded where others use more than 30 % of the processors", () => {
    expect(openMachine({ share: 0.31 }).statement(300)).toBe(true);
    expect(openMachine({ share: 0.29 }).statement(300)).toBe(false);
  });

  it("is sampled over 300 ms, and keeps its last answer in between", () => {
    const others = { share: 0.5 };
    const { statement } = openMachine(others);
    expect([statement(150), statement(149), statement(1)]).toEqual([false, false, true]);
    others.share = 0;
    expect([statement(299), statement(1)]).toEqual([true, false]);
  });

  it("forgets earlier load at a restart, even if an old sample was crowded", () => {
    const others = { share: 0.9 };
    const { statement, idle, restart } = openMachine(others);
    idle(60_000);
    others.share = 0;
    restart();
    expect([statement(150), statement(150)]).toEqual([false, false]);
  });

  it("reads the processor times of this machine", () => {
    expect(openProcessorLoad().isCrowded()).toBe(false);
  });
});
