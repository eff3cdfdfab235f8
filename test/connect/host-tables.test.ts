import { expect, it } from "vitest";
import { HOST_TABLES, type HostTable, hostTable } from "../../src/connect/host-tables.ts";
import { isShared } from "../../src/connect/shared-columns.ts";
import { createWorld } from "../support/world.ts";

const TABLES: Readonly<Record<string, HostTable>> = HOST_TABLES;

/** Rows of the host that take other ways. */
const OTHERS = ["engagement_events", "jobs"];

it("each column of the tables that a host fills is either the host's or ours", async () => {
  const world = await createWorld();
  const columns = await world.query<{ table: string; columns: string[] }>(
    `select c.relname as table, array_agg(a.attname::text order by a.attname::text) filter (where a.attname not in ('id', 'host_id')) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
       and exists (select from pg_attribute h where h.attrelid = c.oid and h.attname = 'host_id')
     group by c.relname order by c.relname`,
  );
  const ofHosts = columns.filter(({ table }) => !OTHERS.includes(table));
  expect(Object.keys(TABLES).sort()).toEqual(ofHosts.map(({ table }) => table));
  for (const { table, columns } of ofHosts) {
    const { writes, ownIds = [], kept = [] } = TABLES[table] as HostTable;
    expect([...writes, ...ownIds, ...kept].sort(), table).toEqual(columns);
  }
});

it("no column that a host may write grants rights, or has an id that is not resolved", async () => {
  const world = await createWorld();
  const unresolved = await world.query<{ column: string }>(
    `select c.relname || '.' || a.attname as column
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = current_schema()::regnamespace and a.attname like '%\\_id' and a.atttypid = 'bigint'::regtype
       and not exists (
         select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.conkey = array[a.attnum])`,
  );
  const written = Object.entries(TABLES).flatMap(([table, { writes, refersTo = {} }]) =>
    writes.filter((name) => !Object.hasOwn(refersTo, name)).map((name) => `${table}.${name}`),
  );
  expect(unresolved.map(({ column }) => column).filter((column) => written.includes(column))).toEqual([]);
  expect(written).not.toContain("users.is_operator");
  expect(hostTable("ledger_entries")).toBeNull();
  expect(hostTable("constructor")).toBeNull();
});

it("no trigger of ours overwrites what a host writes", async () => {
  const world = await createWorld();
  const triggers = await world.query<{ table: string; body: string }>(
    `select c.relname as table, p.prosrc as body from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
     where c.relnamespace = current_schema()::regnamespace and t.tgtype & 3 = 3 and not t.tgisinternal`,
  );
  const overwritten = triggers.flatMap(({ table, body }) => {
    const writes = hostTable(table)?.writes ?? [];
    // Mirrors and records that write this column set a setting under which the trigger leaves it alone.
    const left = (column: string) => column === "updated_at" && body.includes(".host_times");
    return [...body.matchAll(/NEW\.(\w+) :=/g)]
      .map(([, column = ""]) => column)
      .filter((column) => writes.includes(column) && !left(column) && !isShared(table, column))
      .map((column) => `${table}.${column}`);
  });
  expect(triggers.map(({ table }) => table)).toEqual(expect.arrayContaining(["posts", "profiles"]));
  expect(overwritten).toEqual([]);
});

it("the times by which runs find changed rows are ours", async () => {
  const world = await createWorld();
  const touched = await world.query<{ table: string }>(
    `select c.relname as table from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = current_schema()::regnamespace and t.tgfoid = 'touch_row'::regproc and t.tgqual is null`,
  );
  const ofHosts = touched.flatMap(({ table }) => (hostTable(table) === null ? [] : [table])).sort();
  expect(ofHosts).toEqual(["cvs", "job_applications", "media", "post_media", "posts", "user_profiles"]);
  for (const table of ofHosts) expect(hostTable(table)?.kept, table).toContain("updated_at");
});
