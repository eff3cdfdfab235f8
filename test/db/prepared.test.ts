import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { isContention } from "../../src/db/faults.ts";
import { prepared, rows } from "../../src/db/statement.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { createWorld } from "../support/world.ts";

const mine = async (tx: Tx) =>
  (
    await rows<{ n: number }>(
      tx,
      sql`select count(*)::int as n from pg_prepared_statements where statement like '%as answer%'
            and statement not like '%pg_prepared_statements%'`,
    )
  )[0]?.n;

describe("a prepared statement", () => {
  it("is prepared once per connection, for all values", async () => {
    const world = await createWorld({ poolMax: 2 });
    await inTransaction(world.db, async (tx) => {
      for (const n of [1, 2, 3]) {
        expect(await rows(tx, prepared`select ${n}::int + 1 as answer`)).toEqual([{ answer: n + 1 }]);
      }
      expect(await mine(tx)).toBe(1);
    });
  });

  it("is only one that is marked: other statements are planned for their values", async () => {
    const world = await createWorld();
    await inTransaction(world.db, async (tx) => {
      await rows(tx, sql`select ${1}::int as answer`);
      expect(await mine(tx)).toBe(0);
    });
  });

  it("that a migration made invalid succeeds on another connection", async () => {
    const world = await createWorld({ poolMax: 2 });
    await world.query("create table changing (id int)");
    const read = () =>
      inTransaction(world.db, (tx) => rows(tx, prepared`select * from changing where id > ${0}`));
    expect(await read()).toEqual([]);
    await world.query("alter table changing add column name text default 'new'");
    await world.query("insert into changing values (1)");
    // Both connections of the pool may have prepared the old one.
    for (let tries = 0; tries < 2; tries++) {
      const outcome = await read().catch((error: unknown) => error);
      if (outcome instanceof Error) expect(isContention(outcome)).toBe(true);
    }
    expect(await read()).toEqual([{ id: 1, name: "new" }]);
  });
});

describe("statements sent together", () => {
  it("each get their own result, in order", async () => {
    const world = await createWorld();
    const answers = await inTransaction(world.db, (tx) =>
      Promise.all([1, 2, 3].map((n) => rows<{ n: number }>(tx, prepared`select ${n}::int as n`))),
    );
    expect(answers.flat().map((row) => row.n)).toEqual([1, 2, 3]);
  });

  it("are rolled back together when one fails, with its error", async () => {
    const world = await createWorld();
    await world.query("create table kept (id int primary key)");
    const add = (tx: Tx, id: number) => tx.execute(prepared`insert into kept values (${id}::int)`);
    const failing = inTransaction(world.db, (tx) => Promise.all([add(tx, 1), add(tx, 1), add(tx, 2)]));
    await expect(failing).rejects.toMatchObject({ cause: { code: "23505" } });
    expect(await world.query("select * from kept")).toEqual([]);
    await inTransaction(world.db, (tx) => add(tx, 3));
    expect(await world.query("select * from kept")).toEqual([{ id: 3 }]);
  });
});
