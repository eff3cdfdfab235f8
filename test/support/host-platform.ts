import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { expect } from "vitest";
import { checkMappings, installMirror } from "../../src/connect/install.ts";
import { parseMapping } from "../../src/connect/mapping.ts";
import { applyNotes, KEYS_PER_ROUND, resyncPart } from "../../src/connect/reconcile.ts";
import type { World } from "./world.ts";

// A host platform in the database of a world: uuid keys, names of its own, memberships with a key of two
// columns, people who are deleted softly.

const TABLES = `
  create schema app;
  create table app.accounts (id uuid primary key default gen_random_uuid(), mail text, zone text, locale text, deleted_at timestamptz);
  create table app.profiles (account uuid primary key references app.accounts on delete cascade, display_name text);
  create table app.companies (id uuid primary key default gen_random_uuid(), title text);
  create table app.ventures (id uuid primary key default gen_random_uuid(), company uuid not null references app.companies,
    founder uuid not null references app.accounts, name text, hidden boolean not null default false);
  create table app.rooms (id uuid primary key default gen_random_uuid(), venture uuid references app.ventures on delete cascade, subject text);
  create table app.room_people (room uuid not null references app.rooms on delete cascade,
    account uuid not null references app.accounts on delete cascade, primary key (room, account));
  create table app.posts (id uuid primary key default gen_random_uuid(), room uuid not null references app.rooms on delete cascade,
    author uuid not null references app.accounts, words text not null, sent_at timestamptz not null default now())`;

/** Mapping files by the name of our table. */
export const MAPPINGS: Readonly<Record<string, string>> = {
  users: `-- key: host_id uuid
-- source: app.accounts by id
-- source: app.profiles by account
select a.id as host_id, coalesce(p.display_name, '') as name, a.mail as email, a.zone as time_zone, a.locale as language
from app.accounts a left join app.profiles p on p.account = a.id
where a.deleted_at is null`,
  organizations: `-- key: host_id uuid
-- source: app.companies by id
select c.id as host_id, c.title as name from app.companies c;`,
  projects: `-- key: host_id uuid
-- source: app.ventures by id
-- source: app.companies by id through select v.id from app.ventures v where v.company = any($1)
select v.id as host_id, v.company as organization_id, v.founder as created_by, c.title || ': ' || v.name as name,
       'active' as project_status
from app.ventures v join app.companies c on c.id = v.company
where not v.hidden`,
  chat_threads: `-- key: host_id uuid
-- source: app.rooms by id
select r.id as host_id, r.venture as project_id, coalesce(r.subject, '') as topic from app.rooms r`,
  chat_thread_participants: `-- key: thread_id uuid, user_id uuid
-- source: app.room_people by room, account
select r.room as thread_id, r.account as user_id from app.room_people r`,
  messages: `-- key: host_id uuid
-- source: app.posts by id
select p.id as host_id, p.room as thread_id, p.author as sender_id, p.words as body, p.sent_at as created_at from app.posts p`,
};

/** Creates the tables of the host. */
export const hostPlatform = (world: World): Promise<unknown> => world.db.pool.query(TABLES);

/** Installs mappings: all, or those given. */
export async function installMappings(
  world: World,
  mappings: Readonly<Record<string, string>> = MAPPINGS,
): Promise<void> {
  const parsed = Object.entries(mappings).map(([table, text]) => parseMapping(table, text));
  for (const checked of await checkMappings(world.db, parsed))
    await installMirror(world.db, checked, { actor: "test", triggersExist: false });
}

/** A worker whose round takes too long goes on with fewer keys; a test waits for a busy machine. */
const ROUND_LIMIT_MS = 120_000;

/** Applies everything that is noted, and resyncs to their ends. */
export async function reconcile(world: World): Promise<void> {
  for (;;) {
    const results = [
      await applyNotes(world.db, KEYS_PER_ROUND, ROUND_LIMIT_MS),
      await resyncPart(world.db, KEYS_PER_ROUND, ROUND_LIMIT_MS),
    ];
    if (results.some(({ kind }) => kind === "busy")) await delay(5);
    else if (results.every(({ kind }) => kind === "idle")) return;
  }
}

/** A host platform with its mirrors, in which nothing is noted. */
export async function mirrored(world: World): Promise<void> {
  await hostPlatform(world);
  await installMappings(world);
  await reconcile(world);
}

/** A connection of the host. Its session knows nothing of the schema of Commonwork. */
export async function hostConnection(world: World): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: world.config.databaseUrl });
  await client.connect();
  world.closing(() => client.end());
  return client;
}

/** What pg hands over while a server waits for the rows of a COPY. */
type CopyIn = { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

/** Copies rows from the client, `copy ... from stdin`, as psql and the restore of a dump do. */
export function copyIn(client: pg.Client, statement: string, rows: readonly string[]): Promise<unknown> {
  const query = Object.assign(new pg.Query(statement), {
    handleCopyInResponse(connection: CopyIn) {
      connection.sendCopyFromChunk(Buffer.from(rows.map((row) => `${row}\n`).join("")));
      connection.endCopyFrom();
    },
  });
  return new Promise((resolve, reject) => {
    query.once("end", resolve);
    query.once("error", reject);
    client.query(query);
  });
}

/** What the mirrors hold and what their selects give, by table; equal when everything is mirrored. */
export async function compared(world: World): Promise<{
  readonly ours: Readonly<Record<string, unknown>>;
  readonly host: Readonly<Record<string, unknown>>;
}> {
  const ours: Record<string, unknown> = {};
  const host: Record<string, unknown> = {};
  for (const [table, [our, theirs]] of Object.entries(COMPARED)) {
    ours[table] = await world.query(`${our} order by 1, 2`);
    host[table] = await world.query(`${theirs} order by 1, 2`);
  }
  return { ours, host };
}

/** Reconciles, and expects the mirrors to hold what their selects give. */
export async function expectMirrored(world: World): Promise<void> {
  await reconcile(world);
  const { ours, host } = await compared(world);
  expect(ours).toEqual(host);
}

/** A room of the host with people in it, the first of them as its author. @returns their ids, the host's. */
export async function roomOf(world: World, people: number): Promise<{ room: string; author: string }> {
  const [found] = await world.query<{ room: string; author: string }>(
    `with people as (insert into app.accounts (mail) select n || '@host.test' from generate_series(1, $1) n returning id),
          room as (insert into app.rooms (subject) values ('Plans') returning id),
          joined as (insert into app.room_people (room, account) select room.id, people.id from room, people)
     select room.id::text as room, (select min(id::text) from people) as author from room`,
    [people],
  );
  return found as { room: string; author: string };
}

const COMPARED: Readonly<Record<string, readonly [string, string]>> = {
  users: [
    "select host_id, name, email, time_zone, language from users where host_id is not null and deactivated_at is null",
    "select a.id::text as host_id, coalesce(p.display_name, '') as name, a.mail as email, a.zone as time_zone, a.locale as language from app.accounts a left join app.profiles p on p.account = a.id where a.deleted_at is null",
  ],
  projects: [
    "select p.host_id, p.name, o.host_id as organization, u.host_id as creator from projects p join organizations o on o.id = p.organization_id join users u on u.id = p.created_by where p.host_id is not null",
    "select v.id::text as host_id, c.title || ': ' || v.name as name, v.company::text as organization, v.founder::text as creator from app.ventures v join app.companies c on c.id = v.company where not v.hidden",
  ],
  chat_threads: [
    "select t.host_id, t.topic, p.host_id as project from chat_threads t left join projects p on p.id = t.project_id where t.host_id is not null",
    "select r.id::text as host_id, coalesce(r.subject, '') as topic, r.venture::text as project from app.rooms r left join app.ventures v on v.id = r.venture where not coalesce(v.hidden, false)",
  ],
  messages: [
    "select m.host_id, m.body, t.host_id as thread, u.host_id as sender from messages m join chat_threads t on t.id = m.thread_id join users u on u.id = m.sender_id where m.host_id is not null",
    "select p.id::text as host_id, p.words as body, p.room::text as thread, p.author::text as sender from app.posts p join app.rooms r on r.id = p.room left join app.ventures v on v.id = r.venture where not coalesce(v.hidden, false)",
  ],
};
