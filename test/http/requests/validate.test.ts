import { describe, expect, it } from "vitest";
import { integerField } from "../../../src/http/requests/validate.ts";

describe("integerField", () => {
  const field = integerField(1, 200);

  it.each(["1", "200", "7"])("accepts %s", (text) => {
    expect(field.parse(text)).toBe(Number(text));
  });

  it.each(["0", "201", "1.5", "x", "", "Infinity"])("rejects %j with one message", (text) => {
    expect(field.safeParse(text).error?.issues.map(({ message }) => message)).toEqual([
      "must be a whole number from 1 to 200",
    ]);
  });
});
