import fc from "fast-check";
import type pg from "pg";
import { expect, it } from "vitest";
import { applyNotes } from "../../src/connect/reconcile.ts";
import { compared, copyIn, hostConnection, mirrored, reconcile } from "../support/host-platform.ts";
import { createWorld } from "../support/world.ts";

// Transactions of the host that overlap, so that what was noted first is not always committed first.

type Copy = { readonly copy: string; readonly rows: readonly string[] };

/** Statements of the host, by number. `n` picks rows. */
const STATEMENTS: readonly ((n: number) => string | Copy)[] = [
  (n) => `insert into app.accounts (mail) values ('m${n}@host.test')`,
  (n) => `insert into app.accounts (mail) select 'many' || i from generate_series(1, ${n % 5}) i`,
  (n) => `update app.accounts set mail = 'changed${n}', deleted_at = case when ${n} % 3 = 0 then now() end
          where id in (select id from app.accounts a where not exists (select from app.ventures where founder = a.id)
                       and not exists (select from app.posts where author = a.id) order by id offset ${n % 4} limit 2 for update)`,
  (
    n,
  ) => `insert into app.profiles (account, display_name) select id, 'P${n}' from app.accounts order by id offset ${n % 4} limit 1
          on conflict (account) do update set display_name = excluded.display_name`,
  (
    n,
  ) => `merge into app.profiles p using (select id from app.accounts order by id offset ${n % 3} limit 2) a on p.account = a.id
          when matched then update set display_name = 'M${n}' when not matched then insert (account, display_name) values (a.id, 'new')`,
  () =>
    "delete from app.profiles where account in (select account from app.profiles order by account limit 1)",
  (n) => `insert into app.companies (title) values ('C${n}')`,
  (n) => ({ copy: "copy app.companies (title) from stdin", rows: [`Copied ${n}`, `Copied ${n + 1}`] }),
  (n) =>
    `update app.companies set title = 'T${n}' where id in (select id from app.companies order by id limit 1)`,
  (
    n,
  ) => `insert into app.ventures (company, founder, name) select c.id, a.id, 'V${n}' from app.companies c, app.accounts a
          where a.deleted_at is null order by a.id, c.id limit 1`,
  (n) =>
    `update app.ventures set hidden = ${n} % 2 = 0 where id in (select id from app.ventures order by id offset ${n % 3} limit 1)`,
  (n) =>
    `insert into app.rooms (venture, subject) select id, 'R${n}' from app.ventures order by id offset ${n % 3} limit 1`,
  (
    n,
  ) => `insert into app.posts (room, author, words) select r.id, a.id, 'W${n}' from app.rooms r, app.accounts a
          where a.deleted_at is null order by r.id, a.id limit ${n % 4}`,
  (n) =>
    `update app.posts set id = gen_random_uuid(), words = 'X${n}' where id in (select id from app.posts order by id limit 1)`,
  (n) =>
    `update app.posts set room = (select id from app.rooms order by id desc limit 1) where id in (select id from app.posts order by id offset ${n % 3} limit 2)`,
  () => "delete from app.rooms where id in (select id from app.rooms order by id limit 1)",
  () => "truncate app.posts",
  () => "delete from app.ventures where id in (select id from app.ventures order by id limit 1)",
];

/** How a step leaves its transaction. */
const ENDS = ["open", "savepoint", "rollback to", "commit", "rollback", "round"] as const;

const steps = fc.array(
  fc.record({
    host: fc.nat(3),
    statement: fc.nat(STATEMENTS.length - 1),
    n: fc.nat(20),
    end: fc.constantFrom(...ENDS),
  }),
  { minLength: 5, maxLength: 60 },
);

/** A connection of the host, and its transaction, if one is open. */
type HostSession = { readonly client: pg.Client; transaction: null | { hasSavepoint: boolean } };

/** Runs a statement, in the open transaction or a new one. One that would wait for another is rolled back. */
async function runStatement(session: HostSession, statement: string | Copy): Promise<void> {
  const { client } = session;
  if (session.transaction === null) await client.query("begin; set local lock_timeout = '20ms'");
  session.transaction ??= { hasSavepoint: false };
  try {
    await (typeof statement === "string"
      ? client.query(statement)
      : copyIn(client, statement.copy, statement.rows));
  } catch (error) {
    if ((error as { code?: string }).code !== "55P03") throw error;
    await endTransaction(session, "rollback");
  }
}

async function endTransaction(session: HostSession, end: (typeof ENDS)[number]): Promise<void> {
  const { client, transaction } = session;
  if (transaction === null || end === "open") return;
  if (end === "savepoint") {
    await client.query("savepoint s");
    transaction.hasSavepoint = true;
  } else if (end === "rollback to") {
    if (transaction.hasSavepoint) await client.query("rollback to s");
  } else {
    await client.query(end === "rollback" ? "rollback" : "commit");
    session.transaction = null;
  }
}

it("after random transactions that overlap, with rounds in between, mirrors equal their selects", async () => {
  const world = await createWorld();
  await mirrored(world);
  const clients = await Promise.all([1, 2, 3, 4].map(() => hostConnection(world)));
  const hosts = clients.map((client): HostSession => ({ client, transaction: null }));
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      for (const { host, statement, n, end } of taken) {
        const session = hosts[host]!;
        await runStatement(session, STATEMENTS[statement]!(n));
        await endTransaction(session, end);
        if (end === "round") await applyNotes(world.db);
      }
      for (const session of hosts) await endTransaction(session, "commit");
      await reconcile(world);
      const { ours, host } = await compared(world);
      expect(await world.query("select 1 from mirror_faults")).toEqual([]);
      expect(ours).toEqual(host);
    }),
    { numRuns: 25 },
  );
});
