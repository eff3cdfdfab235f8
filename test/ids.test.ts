import { describe, expect, it } from "vitest";
import { idField, isId, ownIdField } from "../src/ids.ts";

describe("ids", () => {
  it.each(["1", "42", "999999999999999999"])("accept %s", (id) => {
    expect(isId(id)).toBe(true);
    expect(ownIdField().parse(id)).toBe(id);
    expect(idField().parse(id)).toBe(id);
  });

  it.each(["", "0", "007", "-1", "1.5", "1e3", " 1", "1\n", "1000000000000000000", "x"])(
    "refuse %j",
    (id) => {
      expect(isId(id)).toBe(false);
      expect(ownIdField().safeParse(id).error?.issues[0]?.message).toBe("must be an id");
      expect(idField().safeParse(id).success).toBe(false);
    },
  );

  it("of a host may be numbers, and become texts", () => {
    expect(idField().parse(42)).toBe("42");
    for (const id of [0, -1, 1.5, 2 ** 60, null]) expect(idField().safeParse(id).success).toBe(false);
    expect(ownIdField().safeParse(42).success).toBe(false);
  });
});
