import { expect, it } from "vitest";
import { formatInstant } from "../src/format-instant.ts";

it("formats an instant to the second, in UTC", () => {
  expect(formatInstant("2026-03-08T02:00:00.123+01:00")).toBe("2026-03-08 01:00:00Z");
  // As Postgres writes a timestamptz.
  expect(formatInstant("2026-03-08 02:00:00.462135+00")).toBe("2026-03-08 02:00:00Z");
  expect(formatInstant(null)).toBeNull();
});
