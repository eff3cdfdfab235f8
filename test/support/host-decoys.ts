import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { dumpSchema } from "../../src/dev/schema/schema-dump.ts";

const drizzleFile = (name: string): string =>
  readFileSync(new URL(`../../drizzle/${name}`, import.meta.url), "utf8");

const namesIn = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name as string);

/** Tables that a host has, with columns of its own. */
const HOST_TABLES: Readonly<Record<string, string>> = {
  users: "(id uuid primary key default gen_random_uuid(), email text not null unique)",
  projects: "(id uuid primary key default gen_random_uuid(), owner uuid references users (id), title text)",
  jobs: "(id uuid primary key default gen_random_uuid(), queue text, state text)",
  messages: "(id uuid primary key default gen_random_uuid(), author uuid references users (id), text text)",
};

/**
 * SQL that makes a host platform in `public`: its own tables, with rows; a table and a function with the name
 * of each of ours, which fit none of our statements; the journal of its own migrations by Drizzle, dated in
 * the future.
 */
export function hostSql(): string {
  const ours = ["migrations", ...namesIn(drizzleFile("schema.sql"), /^CREATE (?:UNLOGGED )?TABLE (\w+)/gm)];
  const functions = namesIn(drizzleFile("schema.sql"), /^CREATE OR REPLACE FUNCTION (\w+)\(/gm);
  if (ours.length < 40 || functions.length < 10)
    throw new Error("The names of tables and functions were not found.");
  const decoys = ours.filter((name) => !(name in HOST_TABLES));
  return [
    "set search_path = public",
    ...Object.entries(HOST_TABLES).map(([name, columns]) => `create table ${name} ${columns}`),
    "insert into users (email) values ('ada@host.test'), ('ben@host.test')",
    "insert into projects (owner, title) select id, 'Garden' from users",
    "insert into jobs (queue, state) values ('mail', 'due')",
    "insert into messages (author, text) select id, 'Hello' from users",
    ...decoys.map(
      (name) => `create table ${name} (decoy uuid primary key default gen_random_uuid(), note text)`,
    ),
    ...decoys.map((name) => `insert into ${name} (note) values ('not ours')`),
    ...functions.map(
      (name) =>
        `create function ${name}() returns trigger language plpgsql as $$ begin raise exception 'the host''s ${name} was called'; end $$`,
    ),
    "create schema drizzle",
    "create table drizzle.__drizzle_migrations (id int primary key, hash text not null, created_at bigint)",
    "insert into drizzle.__drizzle_migrations values (1, 'of the host', 9999999999999)",
    "reset search_path",
  ].join(";\n");
}

/** Makes `public` the default path of a database, as a host may have it. It is not copied with a template. */
export const hostPathSql = (database: string): string =>
  `alter database ${database} set search_path = public`;

/** Everything in the schemas of the host: definitions and rows. Equal texts mean that nothing was changed. */
export async function dumpHost(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const parts: string[] = [];
    for (const schema of ["public", "drizzle"]) {
      await client.query(`set search_path = ${schema}`);
      parts.push(schema, await dumpSchema(drizzle(client)));
      const tables = await client.query<{ name: string }>(
        "select quote_ident(relname) as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' order by relname",
        [schema],
      );
      for (const { name } of tables.rows) {
        const { rows } = await client.query(`select t::text as row from ${name} t order by 1`);
        parts.push(`${name}: ${rows.map(({ row }) => row).join(" ")}`);
      }
    }
    return parts.join("\n");
  } finally {
    await client.end();
  }
}
