import { expect, it } from "vitest";
import { lineDiff } from "../../../src/dev/schema/line-diff.ts";

const text = (...lines: string[]) => lines.join("\n");

it("shows differing lines with two lines of context", () => {
  expect(
    lineDiff(text("a", "b", "c", "d", "e", "f", "g", "h"), text("a", "b", "c", "D", "e", "f", "g", "h")),
  ).toBe("  b\n  c\n- d\n+ D\n  e\n  f\n");
});

it("shows added and removed lines", () => {
  expect(lineDiff(text("a", "b"), text("a", "x", "b"))).toBe("  a\n+ x\n  b\n");
  expect(lineDiff(text("a", "x", "b"), text("a", "b"))).toBe("  a\n- x\n  b\n");
  expect(lineDiff("same", "same")).toBe("");
});
