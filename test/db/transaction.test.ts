import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { databaseFault } from "../../src/database-fault.ts";
import { rows } from "../../src/db/statement.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { note, noted } from "../support/jobs.ts";
import { recordStatements } from "../support/statements.ts";
import { createWorld, type World } from "../support/world.ts";

const backends = (world: World) =>
  world.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );

describe("a transaction", () => {
  it("commits when the work resolves and rolls back when it rejects", async () => {
    const world = await createWorld();
    await inTransaction(world.db, (tx) => note(tx, "kept"));
    const failing = inTransaction(world.db, async (tx) => {
      await note(tx, "dropped");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await noted(world)).toEqual(["kept"]);
  });

  it("that is aborted rejects with the reason, and its connection is destroyed", async () => {
    const world = await createWorld();
    const abort = new AbortController();
    const begun = gate<number>();
    const open = inTransaction(
      world.db,
      async (tx) => {
        const [row] = await rows<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
        await note(tx, "never");
        begun.open(row!.pid);
        await new Promise((_, reject) =>
          abort.signal.addEventListener("abort", () => reject(new Error("other"))),
        );
      },
      abort.signal,
    );
    const pid = await begun.passed;
    abort.abort(new Error("stopped by the test"));
    await expect(open).rejects.toThrow("stopped by the test");
    await eventually(async () => expect((await backends(world)).map((row) => row.pid)).not.toContain(pid));
    expect(await noted(world)).toEqual([]);
  });

  it("that is aborted during a statement releases its locks at once", async () => {
    const world = await createWorld();
    await world.query("create table locked as select 1 as id");
    const abort = new AbortController();
    const begun = gate();
    const sleeping = inTransaction(
      world.db,
      async (tx) => {
        await tx.execute(sql`select * from locked for update`);
        begun.open();
        await tx.execute(sql`select pg_sleep(30)`);
      },
      abort.signal,
    );
    await begun.passed;
    await eventually(async () => {
      const running = await world.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
      );
      expect(running).toHaveLength(1);
    });
    abort.abort(new Error("stopped by the test"));
    await expect(sleeping).rejects.toThrow("stopped by the test");
    await world.query("select * from locked for update");
    const sleepingStill = await world.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
    );
    expect(sleepingStill).toEqual([]);
  });

  it("that is aborted while it waits for a connection never starts", async () => {
    const world = await createWorld({ poolMax: 2 });
    const holders = [await world.db.pool.connect(), await world.db.pool.connect()];
    const abort = new AbortController();
    let began = false;
    const waiting = inTransaction(
      world.db,
      async () => {
        began = true;
      },
      abort.signal,
    );
    abort.abort(new Error("stopped by the test"));
    for (const holder of holders) holder.release();
    await expect(waiting).rejects.toThrow("stopped by the test");
    expect(began).toBe(false);
    expect(await world.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("does not end the process when its backend is terminated while idle", async () => {
    const world = await createWorld();
    const idle = gate<number>();
    const terminated = gate();
    const open = inTransaction(world.db, async (tx) => {
      const [row] = await rows<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
      idle.open(row!.pid);
      await terminated.passed;
      await note(tx, "never");
    });
    await world.query("select pg_terminate_backend($1)", [await idle.passed]);
    await eventually(async () => expect(await backends(world)).toEqual([]));
    terminated.open();
    await expect(open).rejects.toThrow();
    expect(await noted(world)).toEqual([]);
  });

  it("hands the dispatch it was opened with to its savepoints", async () => {
    const world = await createWorld();
    const dispatch = {
      trace: null,
      cause: null,
      pending: false,
      reserve: () => null,
      assign: () => undefined,
    };
    await inTransaction(
      world.db,
      async (tx) => {
        expect(tx.dispatch).toBe(dispatch);
        await tx.transaction(async (savepoint) => {
          savepoint.dispatch.pending = true;
        });
      },
      undefined,
      dispatch,
    );
    expect(dispatch.pending).toBe(true);
  });

  it("rejects with the error of the statement that failed it, not with those of statements behind it", async () => {
    const world = await createWorld();
    const within = async (layers: number, work: () => Promise<unknown>): Promise<unknown> =>
      layers === 0 ? work() : await within(layers - 1, work);
    // Answered first, and thrown last.
    const together = (tx: Tx) =>
      Promise.all([within(20, () => tx.execute(sql`select 1 / 0`)), tx.execute(sql`select 1`)]);
    const codeOf = async (work: Promise<unknown>) =>
      databaseFault(await work.catch((error: unknown) => error))?.code;
    expect(await codeOf(inTransaction(world.db, together))).toBe("22012");
    await inTransaction(world.db, async (tx) => {
      expect(await codeOf(tx.transaction(together))).toBe("22012");
      expect(await codeOf(tx.transaction((savepoint) => savepoint.execute(sql`select nothing`)))).toBe(
        "42703",
      );
    });
  });

  it("sends statements in the order of the calls, whichever is awaited first", async () => {
    const world = await createWorld();
    const sent = await recordStatements(world, () =>
      inTransaction(world.db, (tx) =>
        // The second one is awaited within `rows` before the first one is.
        Promise.all([tx.execute(sql`select 'lock'`), rows(tx, sql`select 'read'`)]),
      ),
    );
    expect(sent.map(({ text }) => text)).toEqual(["begin", "select 'lock'", "select 'read'", "commit"]);
  });

  it("rolls a savepoint back alone when its work rejects", async () => {
    const world = await createWorld();
    await inTransaction(world.db, async (tx) => {
      await note(tx, "kept");
      const failing = tx.transaction(async (savepoint) => {
        await note(savepoint, "dropped");
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
    });
    expect(await noted(world)).toEqual(["kept"]);
  });
});
