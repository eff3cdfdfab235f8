import { describe, expect, it } from "vitest";
import { wholeField } from "../../src/http/validate.ts";

describe("a whole number of a query", () => {
  const field = wholeField(1, 200);

  it.each(["1", "200", "7"])("%s is one", (text) => {
    expect(field.parse(text)).toBe(Number(text));
  });

  it.each(["0", "201", "1.5", "x", "", "Infinity"])("%j is refused in one sentence", (text) => {
    expect(field.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
      "must be a whole number from 1 to 200",
    ]);
  });
});
