import { randomBytes } from "node:crypto";
import pg, { type ClientBase, type QueryResult } from "pg";
import { type Database, type DatabaseAddress, openDatabase } from "../../src/db/client.ts";
import { cloneTemplate, dropDatabase, hostIn } from "./world-database.ts";

/**
 * A database in the state of the template, with its connections. The tests of a process use one after
 * another: a clone for each, and connections that read the catalogs anew, took a fifth of the processor time
 * of ordinary tests.
 */
export type PooledDatabase = {
  readonly name: string;
  readonly address: DatabaseAddress;
  readonly db: Database;
  /** A transaction id: definitions of later ones are not the template's. */
  readonly since: string;
  /** Whether a test has changed a connection for longer than a transaction. */
  readonly isSessionChanged: () => boolean;
};

/** The connections of a world. */
export const CONNECTIONS = 12;

/** More are needed at once only by tests with several worlds, which are rare. */
const MAX_IDLE = 1;

/** Deleted rows stay in the files: a database that has grown above this is dropped. */
const MAX_BYTES = 8 * 2 ** 20;

const idle: PooledDatabase[] = [];

export async function takeDatabase(): Promise<PooledDatabase> {
  return idle.pop() ?? open();
}

/**
 * Takes back a database when its test has ended, and deletes what the test wrote. It is dropped if that does
 * not make it what it was: a definition was changed, a table analyzed, a lock kept, or another process is
 * connected.
 */
export async function giveBack(used: PooledDatabase): Promise<void> {
  // A reset that fails, on a stalled machine perhaps, is no fault of the test.
  const isReset = idle.length < MAX_IDLE && (await reset(used).catch(() => false));
  if (isReset) idle.push(used);
  else await discard(used);
}

async function discard({ name, db }: PooledDatabase): Promise<void> {
  await db.close();
  await dropDatabase(name);
}

async function open(): Promise<PooledDatabase> {
  const name = `cw_test_${process.pid}_${randomBytes(5).toString("hex")}`;
  const address = await cloneTemplate(name);
  await hostIn(address, {});
  const db = openDatabase(address, { max: CONNECTIONS });
  // Idle connections must not keep the process alive.
  db.pool.options.allowExitOnIdle = true;
  let isChanged = false;
  db.pool.on("connect", (client) => {
    onQuery(client, (text) => {
      isChanged ||= CHANGES_SESSION.test(text);
    });
  });
  const { rows } = await db.pool.query<{ since: string }>("select pg_current_xact_id()::xid::text as since");
  return { name, address, db, since: rows[0]?.since ?? "", isSessionChanged: () => isChanged };
}

const CHANGES_SESSION = /^\s*(set\s+(?!local\b|transaction\b|constraints\b)|reset\b|create temp|listen\b)/i;

function onQuery(client: ClientBase, look: (text: string) => void): void {
  const send = client.query.bind(client) as (config: unknown, ...rest: unknown[]) => unknown;
  client.query = ((config: unknown, ...rest: unknown[]) => {
    const text = typeof config === "string" ? config : (config as { text?: unknown } | null)?.text;
    if (typeof text === "string") look(text);
    return send(config, ...rest);
  }) as ClientBase["query"];
}

/** The tables of the schema that rows were ever written to. */
const USED_TABLES = `
  select oid::regclass::text as name, bytes
  from (select oid, pg_relation_size(oid) as bytes from pg_class
        where relkind = 'r' and relnamespace = current_schema()::regnamespace and relname <> 'migrations') t
  where bytes > 0`;

const USED_SEQUENCES = `
  select seqrelid::regclass::text as name, last
  from (select seqrelid, pg_sequence_last_value(seqrelid) as last from pg_sequence) s
  where last is not null`;

/** No trigger fires, and no reference is checked. */
const EMPTY = `
  do $$
  declare
    used record;
    total bigint := 0;
  begin
    set local session_replication_role = replica;
    for used in ${USED_TABLES} loop
      execute 'delete from ' || used.name;
      total := total + used.bytes;
    end loop;
    perform set_config('test.bytes', total::text, true);
    for used in ${USED_SEQUENCES} loop
      perform setval(used.name::regclass, 1, false);
    end loop;
  end $$`;

const CATALOGS = [
  "pg_class",
  "pg_attribute",
  "pg_attrdef",
  "pg_proc",
  "pg_type",
  "pg_trigger",
  "pg_constraint",
  "pg_policy",
  "pg_namespace",
  "pg_extension",
  "pg_default_acl",
];

/** Numbers of definitions, and those that are younger than a transaction. */
const definitions = (since: string): string =>
  CATALOGS.map(
    (catalog) =>
      `(select count(*) || ' ' || count(*) filter (where age(xmin) < age('${since}'::xid)) from ${catalog})`,
  ).join(" || ',' || ");

const stateOf = (since: string): string => `
  select ${definitions(since)} as definitions,
         (select count(*)::int from pg_class
          where relnamespace = current_schema()::regnamespace and relkind = 'r' and reltuples <> -1) as analyzed,
         (select count(*)::int from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
          where datname = current_database()) as settings,
         (select md5(string_agg(m::text, ',' order by m)) from migrations m) as migrations,
         (select count(*)::int from pg_locks l join pg_database d on d.oid = l.database
          where locktype = 'advisory' and datname = current_database()) as locks,
         coalesce(current_setting('test.bytes', true), '0')::int as bytes,
         (select pg_stat_get_db_numbackends(oid) from pg_database where datname = current_database()) as connections`;

type State = {
  readonly definitions: string;
  readonly analyzed: number;
  readonly settings: number;
  readonly migrations: string;
  readonly locks: number;
  readonly bytes: number;
  readonly connections: number;
};

/** What the template holds: SQL that inserts it into empty tables, and its state. */
type Template = { readonly inserts: string; readonly state: State };

let template: Promise<Template> | null = null;

async function reset({ db, since, isSessionChanged }: PooledDatabase): Promise<boolean> {
  const { pool } = db;
  const isInUse = pool.idleCount < pool.totalCount;
  if (isInUse || isSessionChanged() || !(await forgetStatements(pool))) return false;
  template ??= readTemplate();
  const { inserts, state: expected } = await template;
  const statements = ["begin", EMPTY, inserts, stateOf(since), "commit"];
  const results = (await db.pool.query(statements.join(";"))) as unknown as QueryResult[];
  const found = results.at(-2)?.rows[0] as State;
  return (
    found.definitions === expected.definitions &&
    found.analyzed === expected.analyzed &&
    found.settings === expected.settings &&
    found.migrations === expected.migrations &&
    found.locks === 0 &&
    found.bytes <= MAX_BYTES &&
    found.connections <= db.pool.totalCount
  );
}

type Statements = {
  parsedStatements: Record<string, string>;
  submittedNamedStatements: Record<string, string>;
};

/**
 * Makes idle connections forget their prepared statements: plans for the few rows of one test would be used
 * for the many of another.
 * @returns false if a connection was lost.
 */
async function forgetStatements(pool: pg.Pool): Promise<boolean> {
  const clients = await Promise.all(Array.from({ length: pool.idleCount }, () => pool.connect()));
  const forgotten = await Promise.allSettled(
    clients.map(async (client) => {
      const statements = (client as unknown as { readonly connection: Statements }).connection;
      if (Object.keys(statements.parsedStatements).length === 0) return;
      await client.query("deallocate all");
      statements.parsedStatements = {};
      statements.submittedNamedStatements = {};
    }),
  );
  for (const client of clients) client.release();
  return forgotten.every(({ status }) => status === "fulfilled");
}

/** From a clone that no test has used. */
async function readTemplate(): Promise<Template> {
  const fresh = await open();
  const { pool } = fresh.db;
  try {
    const tables = (await pool.query<{ name: string }>(USED_TABLES)).rows;
    const inserts = await Promise.all(tables.map(({ name }) => insertAll(pool, name)));
    const sequences = (await pool.query<{ name: string; last: string }>(USED_SEQUENCES)).rows;
    const values = sequences.map(({ name, last }) => `select setval(${pg.escapeLiteral(name)}, ${last})`);
    const [state] = (await pool.query<State>(stateOf(fresh.since))).rows;
    return { inserts: [...inserts, ...values].join(";"), state: state as State };
  } finally {
    await discard(fresh);
  }
}

async function insertAll(pool: pg.Pool, table: string): Promise<string> {
  const { rows } = await pool.query(`select jsonb_agg(to_jsonb(t))::text as all from ${table} t`);
  return `insert into ${table} overriding system value
          select * from jsonb_populate_recordset(null::${table}, ${pg.escapeLiteral(rows[0].all)})`;
}
