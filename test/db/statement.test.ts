import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { array, rows } from "../../src/db/statement.ts";
import { createWorld } from "../support/world.ts";

describe("an array as one parameter", () => {
  it("arrives as it was sent, whatever its texts contain", async () => {
    const world = await createWorld();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.option(
            fc.oneof(fc.string(), fc.constantFrom("null", "NULL", "", '"', "\\", "{}", "a,b", " x ", "\n")),
            { nil: null },
          ),
        ),
        async (texts) => {
          // Postgres stores no NUL in a text.
          const sent = texts.map((text) => text?.replaceAll("\0", "") ?? null);
          const [row] = await rows<{ got: (string | null)[] }>(
            world.db.drizzle,
            sql`select ${array(sent)}::text[] as got`,
          );
          expect(row?.got).toEqual(sent);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("supports numbers, booleans, timestamps and bytes", async () => {
    const world = await createWorld();
    const at = new Date("2026-03-08T10:00:00.123Z");
    const [row] = await rows<{ n: string[]; b: boolean[]; t: boolean; x: string }>(
      world.db.drizzle,
      sql`select ${array([1n, "9007199254740993", -2])}::bigint[] as n, ${array([true, false])}::boolean[] as b,
                 (${array([at])}::timestamptz[])[1] = ${at}::timestamptz as t, encode((${array([Buffer.from([0, 255, 34])])}::bytea[])[1], 'hex') as x`,
    );
    expect(row).toEqual({ n: ["1", "9007199254740993", "-2"], b: [true, false], t: true, x: "00ff22" });
  });
});
