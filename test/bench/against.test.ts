import { expect, it } from "vitest";
import { chosenFrom, compareRows } from "../../bench/src/against.ts";
import type { Row } from "../../bench/src/bench.ts";

const row = (figure: string, median: number, fields: Partial<Row> = {}): Row => ({
  bench: "b",
  case: "ours",
  figure,
  unit: "ms",
  median,
  min: median,
  max: median,
  runs: 1,
  ...fields,
});

it("reports every figure of both checkouts, with the median of the ratios pair by pair", () => {
  const run = (throughput: number, p99: number) => [
    row("throughput", throughput),
    row("latency, p99", p99),
    row("throughput", 7, { case: "baseline" }),
  ];
  const compared = compareRows("b", {
    this: [run(100, 10), run(300, 30), run(200, 10)],
    other: [run(50, 20), run(100, 20), run(200, 20)],
  });
  expect(compared.map((r) => [r.figure, r.case, r.unit, r.median, r.min, r.max, r.runs])).toEqual([
    ["throughput", "this", "ms", 200, 100, 300, 3],
    ["throughput", "other", "ms", 100, 50, 200, 3],
    ["throughput", "ratio", "this/other", 2, 1, 3, 3],
    ["latency, p99", "this", "ms", 10, 10, 30, 3],
    ["latency, p99", "other", "ms", 20, 20, 20, 3],
    ["latency, p99", "ratio", "this/other", 0.5, 0.5, 1.5, 3],
  ]);
});

it("gives a benchmark the common scale, or one of its own", () => {
  expect(["commissions", "matches@0.1"].map((text) => chosenFrom(text, "1"))).toEqual([
    { name: "commissions", scale: 1 },
    { name: "matches", scale: 0.1 },
  ]);
});

it("leaves out a figure that the other checkout does not have", () => {
  expect(compareRows("b", { this: [[row("new", 1)]], other: [[row("old", 1)]] })).toEqual([]);
});
