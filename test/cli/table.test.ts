import { describe, expect, it } from "vitest";
import { formatFacts, formatTable } from "../../src/cli/table.ts";
import { formatCounts } from "../../src/format-counts.ts";

describe("formatTable", () => {
  it("aligns columns by characters, numbers to the right, and prints null as a dash", () => {
    const text = formatTable(
      [{ title: "Job" }, { title: "Runs", align: "right" }, { title: "Note" }],
      [
        ["größte-ärgernisse", 1_234, "x"],
        ["b", 5, null],
      ],
    );
    expect(text.split("\n")).toEqual([
      "Job                 Runs  Note",
      "-----------------  -----  ----",
      "größte-ärgernisse  1,234  x",
      "b                      5  -",
      "",
    ]);
  });
});

describe("formatFacts", () => {
  it("aligns the values in one column", () => {
    expect(formatFacts({ id: "1", "last error": null })).toBe("id          1\nlast error  -\n");
  });
});

describe("formatCounts", () => {
  it("lists names and numbers", () => {
    expect(formatCounts({ paid: 2_000, lines: 10 })).toBe("paid 2,000, lines 10");
  });
});
