import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { coverIds, cutIds } from "../../src/db/cut-ids.ts";
import { MAX_ID } from "../../src/db/id-ranges.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createWorld } from "../support/world.ts";

const IDS = sql`select unnest(array[30, -5, 12, 7, 21]::bigint[]) as id`;
const NONE = sql`select 1::bigint as id where false`;

it.each([
  ["cutIds", cutIds, IDS, 2, ["-5", "12", "30", MAX_ID]],
  ["cutIds", cutIds, IDS, 5, ["-5", MAX_ID]],
  ["cutIds", cutIds, NONE, 2, []],
  ["coverIds", coverIds, IDS, 2, ["0", "12", "30", MAX_ID]],
  ["coverIds", coverIds, NONE, 2, ["0", MAX_ID]],
])("%s cuts at every few ids, without a gap", async (_name, cut, ids, size, bounds) => {
  const world = await createWorld();
  const ranges = await inTransaction(world.db, (tx) => cut(tx, ids, size));
  expect(ranges).toEqual(bounds.slice(0, -1).map((from, index) => ({ from, to: bounds[index + 1] })));
});
