import { describe, expect, it } from "vitest";
import { MARKDOWN_TOKEN } from "../../src/email/render/markdown.ts";
import { MENTION } from "../../src/notifications/markdown.ts";
import { ADDRESSES } from "../../src/scoring/postings/recommend/embedding-text.ts";
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
  "a@ ",
  "www",
  "://",
];
/** Longer than the repetitions that a pattern allows. */
const LONG = 1_500;
/** For patterns that allow any number, which are followed by recursion. */
const SHORT = 300;

describe.each([
  ["Markdown of e-mails", MARKDOWN_TOKEN, LONG],
  ["mentions in messages", MENTION, LONG],
  ["addresses in what is sent to be embedded", ADDRESSES, SHORT],
])("the pattern for %s", (_, pattern, least) => {
  it.each(HOSTILE)("takes steps that grow with the length of %j, not with its square", (unit) => {
    const steps = (length: number) =>
      countRegexSteps(pattern, unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
    expect(steps(2 * least)).toBeLessThan(2.5 * steps(least));
  });
});

describe("the count of steps", () => {
  it("finds what the engine finds, and shows a quadratic pattern", () => {
    const quadratic = /\[[^\]]+\]/g;
    const steps = (n: number) => countRegexSteps(quadratic, "[".repeat(n));
    expect(steps(400)).toBeGreaterThan(3.5 * steps(200));
    expect(countRegexSteps(/a(?:b|c){1,2}\d+/g, "abc12 ab3")).toBeGreaterThan(9);
    const unbounded = (n: number) => countRegexSteps(/\S*@\S*/g, "a".repeat(n));
    expect(unbounded(400)).toBeGreaterThan(3.5 * unbounded(200));
    expect(countRegexSteps(/(?<!\S)\S*?@|\bw\./g, "w. aw. a@")).toBeGreaterThan(5);
  });
});
