import { describe, expect, it } from "vitest";
import { MARKDOWN_TOKEN } from "../../src/email/render/markdown.ts";
import { MENTION } from "../../src/notifications/markdown.ts";
import { countRegexSteps } from "../support/regex-steps.ts";

const HOSTILE = [
  "[",
  "@[",
  "[a](",
  "[a](b",
  "*",
  "**",
  "**a",
  "*a ",
  "`",
  "\\[",
  "[\\",
  "@[a](user:1",
  "*\\*",
  "a",
];
const LENGTH = 1_500;

describe.each([
  ["Markdown of e-mails", MARKDOWN_TOKEN],
  ["mentions in messages", MENTION],
])("the pattern for %s", (_, pattern) => {
  it.each(HOSTILE)("takes steps that grow with the length of %j, not with its square", (unit) => {
    const steps = (length: number) =>
      countRegexSteps(pattern, unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
    expect(steps(2 * LENGTH)).toBeLessThan(2.5 * steps(LENGTH));
  });
});

describe("the count of steps", () => {
  it("finds what the engine finds, and shows a quadratic pattern", () => {
    const quadratic = /\[[^\]]+\]/g;
    const steps = (n: number) => countRegexSteps(quadratic, "[".repeat(n));
    expect(steps(400)).toBeGreaterThan(3.5 * steps(200));
    expect(countRegexSteps(/a(?:b|c){1,2}\d+/g, "abc12 ab3")).toBeGreaterThan(9);
  });
});
