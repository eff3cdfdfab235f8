import { expect, test } from "vitest";
import { onlyIds, onlyPlain } from "../../../../src/http/admin/board/board-redaction.ts";

test("only the ids of a carrier are shown", () => {
  expect(onlyIds({ entries: ["1", "2"], email: "a@example.org", token: "x" })).toEqual({
    entries: ["1", "2"],
  });
  expect(onlyIds({ schedule: "verify-ledger", input: { secret: "x" } })).toEqual({
    schedule: "verify-ledger",
  });
  for (const other of [null, undefined, "text", 1, { entries: "Ada Lovelace" }])
    expect(onlyIds(other)).toEqual({});
});

test("text that could be personal is redacted from results", () => {
  expect(onlyPlain({ done: 3, opened: ["2026-03-08T02:00:00.000Z"], ok: true, none: null })).toEqual({
    done: 3,
    opened: ["2026-03-08T02:00:00.000Z"],
    ok: true,
    none: null,
  });
  expect(onlyPlain({ to: "ada@example.org", note: "Dear Ada" })).toEqual({
    to: "[redacted]",
    note: "[redacted]",
  });
  expect(onlyPlain("x".repeat(81))).toBe("[redacted]");
});
