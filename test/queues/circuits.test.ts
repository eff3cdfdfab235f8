import { describe, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import { type CircuitChange, createCircuits } from "../../src/queues/circuits.ts";

const HOUR_MS = 3_600_000;

function scene() {
  let nowMs = 0;
  const lines: Record<string, unknown>[] = [];
  const changes: CircuitChange[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const circuits = createCircuits({
    log: createLog({ level: "info", format: "json", destination }),
    onChange: (change) => changes.push(change),
    nowMs: () => nowMs,
    random: () => 0,
  });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { circuits, lines, changes, pass };
}

describe("a circuit", () => {
  it("that is closed lets work start", () => {
    expect(scene().circuits.waitMs("pay")).toBe(0);
  });

  it("that is open makes its own work wait, and no other", () => {
    const { circuits } = scene();
    expect(circuits.open("pay", "57014")).toBe(2_000);
    expect(circuits.waitMs("pay")).toBe(2_000);
    expect(circuits.waitMs("mail")).toBe(0);
  });

  it("lets one carrier try after the pause, and doubles the pause up to ten seconds when it fails", () => {
    const { circuits, pass } = scene();
    const pauses = [2_000, 4_000, 8_000, 10_000, 10_000];
    for (const pauseMs of pauses) {
      expect(circuits.open("pay", "57014")).toBe(pauseMs);
      pass(pauseMs);
      expect(circuits.waitMs("pay")).toBe(0);
      expect(circuits.waitMs("pay")).toBe(1_000);
      pass(500);
    }
  });

  it("lets another carrier try when the one that tried never came back", () => {
    const { circuits, pass } = scene();
    circuits.open("pay", "57014");
    pass(2_000);
    expect(circuits.waitMs("pay")).toBe(0);
    pass(10_000);
    expect(circuits.waitMs("pay")).toBe(0);
  });

  it("is opened once by carriers that fail together", () => {
    const { circuits, changes } = scene();
    for (let n = 0; n < 10; n++) circuits.open("pay", "57014");
    expect(changes).toHaveLength(1);
  });

  it("is closed by a success, counted, and logged with its fault and duration", () => {
    const { circuits, lines, changes, pass } = scene();
    circuits.open("pay", "57014");
    pass(2_000);
    circuits.open("pay", "57014");
    pass(60_000);
    circuits.succeeded("pay");
    expect(circuits.waitMs("pay")).toBe(0);
    expect(changes.map(({ open }) => open)).toEqual([true, true, false]);
    expect(lines).toMatchObject([
      { level: "warn", job: "pay", fault: "57014", openings: 1, pauseMs: 2_000 },
      { level: "warn", job: "pay", openings: 2, pauseMs: 4_000 },
      { level: "info", job: "pay", openings: 2, seconds: 62, msg: "circuit closed: job resumed" },
    ]);
  });
});

describe("entries that run out of time", () => {
  it("are at fault while no other entry of the job does", () => {
    const { circuits } = scene();
    expect(circuits.othersFailLike("pay", "1")).toBe(false);
    expect(circuits.othersFailLike("pay", "1")).toBe(false);
    expect(circuits.othersFailLike("mail", "2")).toBe(false);
  });

  it("are not at fault when others do too, until one is settled", () => {
    const { circuits } = scene();
    circuits.othersFailLike("pay", "1");
    expect(circuits.othersFailLike("pay", "2")).toBe(true);
    circuits.succeeded("pay");
    expect(circuits.othersFailLike("pay", "2")).toBe(false);
  });

  it("are at fault again when nothing was settled for six hours", () => {
    const { circuits, pass } = scene();
    circuits.othersFailLike("pay", "1");
    circuits.othersFailLike("pay", "2");
    circuits.open("pay", "time-limit");
    pass(6 * HOUR_MS - 1);
    expect(circuits.othersFailLike("pay", "1")).toBe(true);
    pass(1);
    expect(circuits.othersFailLike("pay", "1")).toBe(false);
  });
});

describe("contention", () => {
  it("is retried soon, and opens the circuit after five times in a row", () => {
    const { circuits } = scene();
    const delays = Array.from({ length: 6 }, () => circuits.contended("pay"));
    expect(delays).toEqual([50, 50, 50, 50, 50, null]);
    circuits.succeeded("pay");
    expect(circuits.contended("pay")).toBe(50);
  });
});
