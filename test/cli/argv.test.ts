import { describe, expect, it } from "vitest";
import { kebabCase, normalizeArgv } from "../../src/cli/argv.ts";

describe("normalizeArgv", () => {
  it.each([
    [["--saleId=8"], ["--sale-id", "8"]],
    [
      ["--saleId", "8"],
      ["--sale-id", "8"],
    ],
    [
      ["--sale-id", "8"],
      ["--sale-id", "8"],
    ],
    [["--saleID=8"], ["--sale-id", "8"]],
    [["--amount=-5"], ["--amount=-5"]],
    [["--error=a=b c"], ["--error", "a=b c"]],
    [["--empty="], ["--empty="]],
    [
      ["run", "release-commission", "-h"],
      ["run", "release-commission", "-h"],
    ],
    [
      ["--json", "--", "--saleId=8"],
      ["--json", "--", "--saleId=8"],
    ],
  ])("turns %j into %j", (given, expected) => {
    expect(normalizeArgv(given)).toEqual(expected);
  });
});

describe("kebabCase", () => {
  it.each([
    ["saleId", "sale-id"],
    ["organizationId", "organization-id"],
    ["since", "since"],
    ["top10Only", "top10-only"],
  ])("turns %s into %s", (camel, kebab) => {
    expect(kebabCase(camel)).toBe(kebab);
  });
});
