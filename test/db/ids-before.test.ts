import { expect, it } from "vitest";
import { idsBefore } from "../../src/db/ids-before.ts";
import { createWorld } from "../support/world.ts";

const AUDIT = { table: "audit_log", time: "at" };
const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString();

it("the ids before an instant end at the first row that is not older, also across gaps", async () => {
  const world = await createWorld();
  expect(await idsBefore(world.db.drizzle, AUDIT, day(1))).toBeNull();
  await world.query(
    `insert into audit_log (at, actor, action, subject)
     select '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 day', 'a', 'b', 'c' from generate_series(0, 99) n`,
  );
  await world.query("delete from audit_log where id between 20 and 60");
  const ends = await Promise.all(
    [1, 2, 15, 20, 40, 62, 100, 101].map(
      async (n) => (await idsBefore(world.db.drizzle, AUDIT, day(n)))?.end,
    ),
  );
  // The row of day n has the id n; between rows any id of the gap is an end.
  expect(ends.map(Number).map((end) => (end > 19 && end <= 61 ? "gap" : end))).toEqual([
    1,
    2,
    15,
    "gap",
    "gap",
    62,
    100,
    101,
  ]);
});
