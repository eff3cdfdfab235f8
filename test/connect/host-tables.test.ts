import { expect, it } from "vitest";
import { HOST_TABLES, type HostTable, hostTable } from "../../src/connect/host-tables.ts";
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

it("no column that a host may write gives rights, or has an id that is not resolved", async () => {
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
