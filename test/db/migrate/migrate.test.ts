import { readdirSync, readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { type DatabaseAddress, openDatabase } from "../../../src/db/client.ts";
import { isMigrated, migrateDatabase } from "../../../src/db/migrate/migrate.ts";
import { dumpSchema } from "../../../src/dev/schema/schema-dump.ts";
import { UnsuitableServer } from "../../../src/unsuitable-server.ts";
import { dumpHost, hostPathSql, hostSql } from "../../support/host-decoys.ts";
import {
  deployWithRoles,
  drawName,
  type ScratchDatabase,
  scratchDatabase,
} from "../../support/scratch-database.ts";

const MIGRATIONS = readdirSync(new URL("../../../drizzle/", import.meta.url))
  .filter((file) => /^\d{4}_.*\.sql$/.test(file))
  .map((file) => file.slice(0, -".sql".length))
  .sort();
const WRITTEN = readFileSync(new URL("../../../drizzle/schema.sql", import.meta.url), "utf8");

const addressIn = (database: { url: string }): DatabaseAddress => ({
  databaseUrl: database.url,
  databaseSchema: drawName(),
});

async function dumpOf({ databaseUrl, databaseSchema }: DatabaseAddress): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`set search_path = ${databaseSchema}, pg_temp`);
    return await dumpSchema(drizzle(client));
  } finally {
    await client.end();
  }
}

const schemasOf = async (database: ScratchDatabase): Promise<string[]> => {
  const found = await database.query<{ name: string }>(
    "select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema)' order by 1",
  );
  return found.map(({ name }) => name);
};

/** Runs the statement that a refusal suggests. @returns the message without it. */
async function refusedUntil(database: ScratchDatabase, address: DatabaseAddress): Promise<string> {
  const refusal = await migrateDatabase(address).catch((error: Error) => error);
  expect(refusal).toBeInstanceOf(UnsuitableServer);
  const { message } = refusal as UnsuitableServer;
  await database.query(/run: (.*)$/.exec(message)?.[1] ?? "no statement");
  return message.replace(/ [A-Z][^.]* run: .*$/, "");
}

describe("migrate", () => {
  it("creates everything in its schema beside a host with the same names and its own Drizzle journal", async () => {
    const database = await scratchDatabase();
    await database.query(hostSql());
    await database.query(hostPathSql(new URL(database.url).pathname.slice(1)));
    const [host, schemas] = [await dumpHost(database.url), await schemasOf(database)];
    const address = addressIn(database);
    expect(await migrateDatabase(address)).toMatchObject({ applied: MIGRATIONS });
    expect(await dumpOf(address)).toBe(WRITTEN);
    expect(await dumpHost(database.url)).toBe(host);
    expect(await schemasOf(database)).toEqual(
      [...schemas, address.databaseSchema, `${address.databaseSchema}_results`].sort(),
    );
  });

  it("applies migrations once when several processes run it at the same time", async () => {
    const address = addressIn(await scratchDatabase());
    const all = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(address)));
    expect(all.map(({ applied }) => applied.length).sort()).toEqual([0, 0, 0, MIGRATIONS.length]);
  });

  it("applies each migration that is not recorded, and ignores recorded ones it does not know", async () => {
    const database = await scratchDatabase();
    const address = addressIn(database);
    const db = openDatabase(address, { max: 2 });
    try {
      await expect(isMigrated(db)).rejects.toThrow(
        `has no schema ${address.databaseSchema}. Run \`commonwork migrate\` first`,
      );
      await database.query(`create schema ${address.databaseSchema}`);
      expect(await isMigrated(db)).toBe(false);
      await migrateDatabase(address);
      expect(await isMigrated(db)).toBe(true);
      // A migration of a newer version does not concern this one.
      await database.query(`insert into ${address.databaseSchema}.migrations (name) values ('9999_newer')`);
      expect(await migrateDatabase(address)).toMatchObject({ applied: [] });
      await database.query(`delete from ${address.databaseSchema}.migrations where name = '0001_rules'`);
      expect(await isMigrated(db)).toBe(false);
    } finally {
      await db.close();
    }
  });

  it("leaves nothing behind when a migration fails", async () => {
    const database = await scratchDatabase();
    const address = addressIn(database);
    await database.query(
      `create schema ${address.databaseSchema}; create table ${address.databaseSchema}.outbox (id int)`,
    );
    await expect(migrateDatabase(address)).rejects.toThrow('relation "outbox" already exists');
    const tables = await database.query(
      "select relname from pg_class where relkind = 'r' and relnamespace = $1::regnamespace",
      [address.databaseSchema],
    );
    expect(tables).toEqual([{ relname: "outbox" }]);
  });

  it("names a missing right and the statement that grants it", async () => {
    const database = await scratchDatabase();
    const [{ name, url }, other] = [await database.createRole(), await database.createRole()];
    const address = addressIn({ url });
    const [schema, host] = [address.databaseSchema, new URL(database.url).pathname.slice(1)];
    expect(await refusedUntil(database, address)).toBe(
      `The role ${name} may not create the schema "${schema}" in the database ${host}.`,
    );
    await database.query(
      `alter schema ${schema} owner to current_user; grant usage on schema ${schema} to ${name}`,
    );
    expect(await refusedUntil(database, address)).toBe(
      `The role ${name} may not create tables in the schema "${schema}".`,
    );
    expect(await migrateDatabase(address)).toMatchObject({ applied: MIGRATIONS });
    await database.query(
      `delete from ${schema}.migrations where name = '0001_rules'; grant all on schema ${schema} to ${other.name};`,
    );
    expect(await refusedUntil(database, { ...address, databaseUrl: other.url })).toBe(
      `The tables in the schema "${schema}" belong to the role ${name}, and ${other.name} may not change them.`,
    );
  });

  it("needs no CREATE right on the database when the schema exists", async () => {
    const database = await scratchDatabase();
    const { name, url } = await database.createRole();
    const address = addressIn({ url });
    await database.query(`create schema ${address.databaseSchema} authorization ${name}`);
    expect(await migrateDatabase(address)).toMatchObject({ applied: MIGRATIONS });
    expect(await dumpOf(address)).toBe(WRITTEN);
  });

  it("pins every function: each one uses our tables in a session with search_path = public, beside a host", async () => {
    const database = await scratchDatabase();
    await database.query(hostSql());
    const address = addressIn(database);
    const schema = address.databaseSchema;
    await migrateDatabase(address);
    const pinned = await database.query<{ name: string; path: string }>(
      `select proname as name, (select c from unnest(proconfig) c where c like 'search_path=%') as path from pg_proc p
       where pronamespace = $1::regnamespace
         and not exists (select 1 from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
      [schema],
    );
    expect(new Set(pinned.map(({ path }) => path))).toEqual(new Set([`search_path=${schema}, pg_temp`]));
    await database.query("set search_path = public; set track_functions = 'all'");
    await database.query(statementsForEveryFunction(schema));
    await database.query("select pg_stat_force_next_flush()");
    const called = await database.query<{ name: string }>(
      "select funcname as name from pg_stat_user_functions where schemaname = $1 and calls > 0",
      [schema],
    );
    // A call that ends with an error is not counted; the statements above expect theirs.
    const refusing = [{ name: "keep_used_account" }, { name: "refuse_change" }];
    expect([...called, ...refusing].map(({ name }) => name).sort()).toEqual(
      pinned.map(({ name }) => name).sort(),
    );
  });

  it("succeeds without any CREATE right when the schema is current", async () => {
    const { app } = await deployWithRoles(await scratchDatabase());
    expect(await migrateDatabase(app)).toMatchObject({ applied: [] });
  });
});

/** Statements of a host that fire every trigger, refusals included. */
function statementsForEveryFunction(schema: string): string {
  const refused = (statement: string) =>
    `do $$ begin ${statement}; raise exception 'not refused'; exception when integrity_constraint_violation or restrict_violation then null; end $$`;
  return [
    "insert into T.change_feeds (feed) values ('match_scores')",
    `with opened as (insert into T.list_versions (area, algo_version, as_of) values ('pairs', 1, now()) returning id)
     insert into T.pair_entries (version, part, change, lists, candidates, scores, components)
     select id, 0, 1, '{}', '{}', '{}', '' from opened`,
    "insert into T.users (id, name) values (1, 'Ada'), (2, 'Ben'), (3, 'Cleo')",
    "update T.users set deactivated_at = now() where id = 3",
    "insert into T.traits (id, name) values (1, 'calm')",
    "update T.traits set name = 'bold'",
    "insert into T.volunteers (user_id, latitude, longitude) values (1, 52.5, 13.4)",
    "insert into T.organizations (id, name) values (1, 'Helpers')",
    `insert into T.volunteer_profiles (id, user_id, organization_id, referral_code, level)
     values (1, 1, 1, 'AAAAAAA1', 2), (2, 2, 1, 'AAAAAAA2', 1), (3, 3, 1, 'AAAAAAA3', 1)`,
    "update T.volunteer_profiles set referrer_id = 1 where id = 2",
    "update T.volunteer_profiles set referrer_id = 2 where id = 3",
    "insert into T.task_templates (id) values (1)",
    "insert into T.task_assignments (id, template_id, assignee_id, submitted_at) values (1, 1, 3, now())",
    "insert into T.chat_threads (id) values (1)",
    "insert into T.projects (id, organization_id, name, created_by) values (1, 1, 'Garden', 1)",
    "insert into T.project_members (project_id, user_id) values (1, 2)",
    "update T.volunteers set skills_visible = false",
    "insert into T.chat_thread_participants (thread_id, user_id) values (1, 1), (1, 2)",
    "insert into T.messages (id, thread_id, sender_id, body) values (1, 1, 1, 'Hello')",
    "update T.messages set created_at = created_at - interval '1 hour'",
    "update T.chat_thread_participants set last_read_at = '-infinity' where user_id = 2",
    "update T.chat_threads set project_id = 1",
    "delete from T.messages",
    "insert into T.notification_preferences (user_id, scope_type, event_type, channel, status) values (1, 'global', '*', '*', 'muted')",
    "insert into T.domain_events (event_type) values ('profile_updated')",
    "insert into T.inbox (id, source, outcome, raw, raw_hash, received_at) values (1, 's', 'accepted', '', '', now())",
    `insert into T.token_sales (id, source, external_id, inbox_id, buyer_user_id, amount_micro, currency, sold_at, received_at)
     values (1, 's', 'x', 1, 1, 1, 'SCICENT', now(), now())`,
    "insert into T.commissions (sale_id, level, beneficiary_id, rate_bps, amount_micro, status) values (1, 1, 1, 1, 1, 'earned')",
    "insert into T.ledger_transactions (id, kind, source, external_id, occurred_at) values (1, 'k', 's', 'x', now())",
    `begin; insert into T.ledger_entries (transaction_id, leg, account_id, amount_micro) values (1, 1, 1, 5);
     insert into T.ledger_entries (transaction_id, leg, account_id, amount_micro) values (1, 2, 2, -5); commit`,
    refused("delete from T.ledger_entries"),
    refused("delete from T.ledger_accounts where id = 1"),
    "select T.apply_row_policies()",
    "select T.emit('a.b')",
    "select T.enqueue('calculate-matches')",
    "insert into T.jobs (title, company) values ('Gardener', 'Acme')",
    "insert into T.cvs (user_id) values (1)",
    "update T.cvs set raw_text = 'x'",
    "insert into T.user_profiles (user_id) values (1)",
    "delete from T.user_profiles",
    `insert into T.recommendation_lists (user_id, posting_ids, scores, created_at, components, first_places, floor_score, algo_version, as_of)
     values (1, '{1}', '{0.5}', '{1}', decode(repeat('00', 24), 'hex'), 1, 0, 'v', now())`,
    "select id, match_reason, components from T.job_recommendations",
    "delete from T.job_recommendations",
    "insert into T.posts (id, author_id, created_at) values (1, 1, '2026-01-01T00:00:00Z')",
    `select T.record_engagement('[{"id": "like", "user_id": 2, "target_kind": "post", "target_id": 1, "kind": "like", "occurred_at": "2026-01-01T01:00:00+00:00"}]')`,
    "update T.engagement_events set taken_back_at = now()",
    "insert into T.profiles (user_id) values (1), (2)",
    "select T.may_see(1, 2), T.pair_reasons(1, 2, T.pair_terms(decode(repeat('00', 6), 'hex'), 1))",
    "select T.compatibility_terms(decode(repeat('00', 4), 'hex'), 1)",
    "select T.count_title('{0100,several,one}', 1)",
    "select T.float_at(decode(repeat('00', 8), 'hex'), 0), T.may_read(1, 1)",
    "insert into T.media (id, owner_id, kind, storage_key, checked_at) values (1, 1, 'IMAGE', 'a.png', now())",
    "update T.media set storage_key = 'b.png'",
    "select * from T.feed_order(decode(repeat('00', 6), 'hex'))",
  ]
    .map((statement) => statement.replaceAll("T.", `${schema}.`))
    .join(";\n");
}
