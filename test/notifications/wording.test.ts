import { describe, expect, it } from "vitest";
import { named } from "../../src/notifications/wording.ts";

describe("named", () => {
  it.each([
    ["Ines Duarte", "Ines Duarte"],
    ["庭園 🌱", "庭園 🌱"],
    ["דוד כהן", "\u2068דוד כהן\u2069"],
    ["خطة 2026.pdf", "\u2068خطة 2026.pdf\u2069"],
    [" ", "Someone"],
    [null, "Someone"],
  ])("%s is written as %s", (name, expected) => {
    expect(named(name, "Someone")).toBe(expected);
  });
});
