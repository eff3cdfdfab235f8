import { describe, expect, it } from "vitest";
import { hostInstant } from "../../src/db/instants.ts";
import { createWorld } from "../support/world.ts";

describe("an instant of a host's row", () => {
  it.each([
    ["2026-03-02T10:00:00Z", "2026-03-02T10:00:00.000Z"],
    ["-infinity", "0001-01-01T00:00:00.000Z"],
    ["0044-03-15 12:00:00+00 BC", "0001-01-01T00:00:00.000Z"],
    ["infinity", "9999-12-31T00:00:00.000Z"],
    ["12026-01-01 00:00:00+00", "9999-12-31T00:00:00.000Z"],
  ])("%s is read as %s", async (written, read) => {
    const world = await createWorld();
    const [row] = await world.query<{ text: string }>("select $1::timestamptz::text as text", [written]);
    expect(hostInstant(row!.text).toISOString()).toBe(read);
  });
});
