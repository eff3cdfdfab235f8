import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { idRangesBefore, idsBetween, MAX_ID } from "../../src/db/id-ranges.ts";
import { createWorld } from "../support/world.ts";

const AUDIT = { table: "audit_log", time: "at" };
const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString();
const ONE_RANGE = { size: 1_000n, max: 10 };

describe("ranges of old rows", () => {
  it("end at the first row that is not older, also across gaps", async () => {
    const world = await createWorld();
    const on = world.db.drizzle;
    expect(await idRangesBefore(on, AUDIT, day(1), ONE_RANGE)).toEqual([]);
    await world.query(
      `insert into audit_log (at, actor, action, subject)
       select '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 day', 'a', 'b', 'c' from generate_series(0, 99) n`,
    );
    await world.query("delete from audit_log where id between 20 and 60");
    const ends = await Promise.all(
      [1, 2, 15, 20, 40, 62, 100, 101].map(async (n) =>
        (await idRangesBefore(on, AUDIT, day(n), ONE_RANGE)).map(({ to }) => Number(to)),
      ),
    );
    // The row of day n has the id n; between rows any id of the gap is an end.
    expect(ends.map(([end]) => (end !== undefined && end > 19 && end <= 61 ? "gap" : end))).toEqual([
      undefined,
      2,
      15,
      "gap",
      "gap",
      62,
      100,
      101,
    ]);
  });

  it("begin at a row each, so that gaps and kept rows need no ranges", async () => {
    const world = await createWorld();
    await world.query(
      `insert into audit_log (id, at, actor, action, subject) overriding system value
       select n, '2026-01-01', 'a', case when n > 1000 and n < 900000 then 'sale.kept' else 'b' end, 'c'
       from (select generate_series(1, 3) union all select generate_series(2000, 2500) union all select generate_series(900000, 900120)) x(n)`,
    );
    const among = sql`r.action = 'b'`;
    const cut = { size: 100n, max: 10 };
    expect(await idRangesBefore(world.db.drizzle, { ...AUDIT, among }, day(2), cut)).toEqual([
      { from: "1", to: "101" },
      { from: "900000", to: "900100" },
      { from: "900100", to: "900121" },
    ]);
    expect(
      await idRangesBefore(world.db.drizzle, { ...AUDIT, among }, day(2), { ...cut, max: 2 }),
    ).toHaveLength(2);
  });
});

describe("the ids of a stretch of time", () => {
  it("begin at its first row and end before the first row after it, or at no row", async () => {
    const world = await createWorld();
    const on = world.db.drizzle;
    const at = (n: number) => new Date(day(n));
    expect(await idsBetween(on, AUDIT, at(1), at(5))).toEqual({ from: "0", to: "0" });
    await world.query(
      `insert into audit_log (at, actor, action, subject)
       select '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 day', 'a', 'b', 'c' from generate_series(0, 9) n`,
    );
    // The row of day n has the id n.
    expect(await idsBetween(on, AUDIT, at(3), at(7))).toEqual({ from: "3", to: "7" });
    expect(await idsBetween(on, AUDIT, at(3), null)).toEqual({ from: "3", to: MAX_ID });
    expect(await idsBetween(on, AUDIT, new Date(0), at(99))).toEqual({ from: "1", to: "11" });
    expect(await idsBetween(on, AUDIT, at(99), null)).toEqual({ from: "11", to: MAX_ID });
  });
});
