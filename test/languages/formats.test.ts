import { describe, expect, it } from "vitest";
import { formatsOf } from "../../src/languages/formats.ts";

const JUNE = new Date("2026-06-02T22:00:00Z");

describe("formats of German", () => {
  const { day, amount, percent, list, time, number } = formatsOf("de");

  it("are those of German", () => {
    expect(time(JUNE, "Europe/Berlin")).toBe("Mi., 3. Juni, 00:00 MESZ");
    expect(day("2026-03-02")).toBe("02.03.2026");
    expect(amount("1234.50")).toBe("1.234,50");
    expect(percent(92)).toBe("92\u00a0%");
    expect(number(1_234)).toBe("1.234");
    expect(list(["a", "b", "c"])).toBe("a, b und c");
  });
});

describe("formats of English", () => {
  const { day, amount, percent, list, time, number } = formatsOf("en");

  it.each([
    ["2026-03-02", "Mar 2, 2026"],
    ["2026-12-31", "Dec 31, 2026"],
    ["some day", "some day"],
  ])("the day %s is written as %s", (date, expected) => {
    expect(day(date)).toBe(expected);
  });

  it.each([
    ["18.40", "18.40"],
    ["1234.5", "1,234.5"],
    ["12345678901234567.123456", "12,345,678,901,234,567.123456"],
    ["-3", "-3"],
    ["a few", "a few"],
  ])("the amount %s is written as %s, with all its digits", (text, expected) => {
    expect(amount(text)).toBe(expected);
  });

  it("writes times, percentages, numbers and lists", () => {
    expect(time(JUNE, "America/Los_Angeles")).toBe("Tue, Jun 2, 3:00 PM PDT");
    expect(percent(92)).toBe("92%");
    expect(number(1_234)).toBe("1,234");
    expect(list(["a", "b", "c"])).toBe("a, b, and c");
    expect(list([])).toBe("");
  });
});
