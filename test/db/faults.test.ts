import { sql } from "drizzle-orm";
import { DatabaseError } from "pg";
import { describe, expect, inject, it } from "vitest";
import { databaseFault } from "../../src/database-fault.ts";
import { openDatabase } from "../../src/db/client.ts";
import { isContention, isDatabaseAbsent, isOutdatedPlan } from "../../src/db/faults.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createWorld } from "../support/world.ts";

const thrownBy = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a fault of Postgres", () => {
  it("has a code and a constraint, whatever wraps it", async () => {
    const world = await createWorld();
    const error = await thrownBy(
      inTransaction(world.db, (tx) =>
        tx.execute(sql`insert into ledger_accounts (kind, profile_id) values ('volunteer', null)`),
      ),
    );
    expect(databaseFault(error)).toMatchObject({ code: "23514", constraint: "ledger_accounts_owner" });
    expect(databaseFault(new Error("outer", { cause: error }))).toEqual(databaseFault(error));
    expect(isDatabaseAbsent(error)).toBe(false);
  });

  it("means an absent server when nothing listens, when connecting takes too long, and when the backend is terminated", async () => {
    const nobody = openDatabase({
      databaseUrl: "postgres://x@127.0.0.1:1/x",
      databaseSchema: inject("databaseSchema"),
    });
    expect(isDatabaseAbsent(await thrownBy(inTransaction(nobody, async () => 1)))).toBe(true);
    expect(isDatabaseAbsent(await thrownBy(nobody.drizzle.execute(sql`select 1`)))).toBe(true);
    await nobody.close();
    const world = await createWorld();
    for (const statement of ["select pg_terminate_backend(pg_backend_pid())", "select pg_sleep(0)"]) {
      const error = await thrownBy(
        inTransaction(world.db, async (tx) => {
          await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`).catch(() => undefined);
          await tx.execute(sql.raw(statement));
        }),
      );
      expect(isDatabaseAbsent(error)).toBe(true);
    }
    expect(isDatabaseAbsent(new Error("timeout exceeded when trying to connect"))).toBe(true);
  });

  const fault = (code: string) => Object.assign(new DatabaseError("x", 1, "error"), { code });

  it("faults 5: means an absent server when it is read-only or full, out of memory, gone, or cannot read its disk", () => {
    for (const code of ["25006", "53100", "53200", "57P04", "57P05", "58030"])
      expect(isDatabaseAbsent(fault(code))).toBe(true);
  });

  it("is contention for a deadlock, a serialization failure and a lock timeout", () => {
    for (const code of ["40P01", "40001", "55P03"]) expect(isContention(fault(code))).toBe(true);
    for (const code of ["23505", "57014", "57P01"]) expect(isContention(fault(code))).toBe(false);
  });

  it("is no outdated plan when a host's NaN is cast to an integer, which has the same code", async () => {
    const world = await createWorld();
    const error = await thrownBy(world.db.drizzle.execute(sql`select 'NaN'::numeric::int`));
    expect(databaseFault(error)?.code).toBe("0A000");
    expect(isContention(error)).toBe(false);
    expect(isOutdatedPlan(error)).toBe(false);
  });

  it("is null for other errors", () => {
    for (const other of [new Error("x"), "text", undefined, null, { code: "40001" }]) {
      expect(databaseFault(other)).toBeNull();
      expect(isDatabaseAbsent(other)).toBe(false);
    }
  });
});
