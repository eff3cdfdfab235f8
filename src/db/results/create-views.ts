import { createHash } from "node:crypto";
import pg from "pg";
import { roleNames } from "../roles.ts";
import { readerGrants } from "./reader-grants.ts";
import type { ResultView } from "./result-view.ts";
import { RESULT_VIEWS } from "./views.ts";

type Client = Pick<pg.ClientBase, "query">;

/** Where the views are: in a schema of their own, of the tables in another. */
type ResultsAddress = { readonly databaseSchema: string; readonly resultsSchema: string };

export type ResultsState = {
  readonly schema: string;
  /** Why there are no views, or not those of this version, and what to run; null if all are there. */
  readonly off: string | null;
  /** The views that were created or replaced now. */
  readonly written: readonly string[];
};

/** The comment of a view identifies the deployment and the definition of the view. */
const markOf = (databaseSchema: string): string => `Results of Commonwork in the schema ${databaseSchema}`;
const commentOf = (databaseSchema: string, { columns, select }: ResultView): string =>
  `${markOf(databaseSchema)}, ${createHash("sha256")
    .update(JSON.stringify([columns, select]))
    .digest("hex")
    .slice(0, 16)}`;

/** A view of ours as it is in the database. */
type FoundView = {
  readonly schema: string;
  readonly name: string;
  readonly comment: string;
  /** Whether this role may drop it. Anybody can give a view of their own the same comment. */
  readonly isOwn: boolean;
  /** The roles that may read it. */
  readonly readers: readonly string[];
};

/** The roles with read access to each view, by its name without the schema. */
type ReadersOf = ReadonlyMap<string, readonly string[]>;

/**
 * Creates and replaces the views of results as this version declares them, drops those that it no longer
 * declares or that are in another schema than the configured one, and keeps the rights of their readers. Runs
 * in the transaction of the migration, which a failure here does not undo.
 *
 * @param kept the readers of views that were dropped for the migration.
 */
export async function createResultViews(
  client: Client,
  address: ResultsAddress,
  kept: ReadersOf = new Map(),
): Promise<ResultsState> {
  const { databaseSchema, resultsSchema } = address;
  const found = await findViews(client, databaseSchema);
  const here = new Map(
    found.filter(({ schema }) => schema === resultsSchema).map((view) => [view.name, view]),
  );
  const missing = RESULT_VIEWS.filter(
    (view) => here.get(view.name)?.comment !== commentOf(databaseSchema, view),
  );
  const stale = found.filter(
    ({ schema, name, isOwn }) =>
      isOwn && (schema !== resultsSchema || !RESULT_VIEWS.some((view) => view.name === name)),
  );
  if (missing.length === 0 && stale.length === 0) return { schema: resultsSchema, off: null, written: [] };
  const readers = new Map([...kept, ...readersOf(found)]);
  const off =
    (await schemaFault(client, address)) ??
    (await attempt(client, async () => {
      await openSchema(client, address);
      for (const view of stale) await dropView(client, view);
      for (const view of missing)
        await writeView(client, address, view, {
          before: here.get(view.name),
          readers: readers.get(view.name) ?? [],
        });
      await dropLeftSchemas(client, address, stale);
      await grantReader(client, address);
    }));
  return { schema: resultsSchema, off, written: off === null ? missing.map(({ name }) => name) : [] };
}

/**
 * Drops the views of a deployment before its tables change: Postgres refuses to change a column that a view
 * reads. Views that others depend on stay.
 *
 * @returns who could read them.
 */
export async function dropResultViews(client: Client, databaseSchema: string): Promise<ReadersOf> {
  const found = await findViews(client, databaseSchema);
  for (const view of found) await attempt(client, () => dropView(client, view));
  return readersOf(found);
}

const readersOf = (found: readonly FoundView[]): ReadersOf =>
  new Map(found.map(({ name, readers }) => [name, readers]));

const roleOf = (role: string): string => (role === "public" ? "public" : pg.escapeIdentifier(role));

/**
 * Runs statements under a savepoint, so that only they are undone if one fails. @returns why they were
 * undone; null if they were not.
 */
async function attempt(client: Client, work: () => Promise<unknown>): Promise<string | null> {
  await client.query("savepoint results");
  try {
    await work();
    await client.query("release savepoint results");
    return null;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    await client.query("rollback to savepoint results; release savepoint results");
    return [error.message, error.detail].filter(Boolean).join(": ");
  }
}

async function findViews(client: Client, databaseSchema: string): Promise<FoundView[]> {
  const { rows } = await client.query<FoundView>(
    `select n.nspname as schema, c.relname as name, d.description as comment, pg_has_role(c.relowner, 'USAGE') as "isOwn",
            array(select case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee)::text end
                  from aclexplode(c.relacl) a where a.privilege_type = 'SELECT' and a.grantee <> c.relowner) as readers
     from pg_description d join pg_class c on c.oid = d.objoid and c.relkind = 'v' join pg_namespace n on n.oid = c.relnamespace
     where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and starts_with(d.description, $1)
     order by 1, 2`,
    [`${markOf(databaseSchema)}, `],
  );
  return rows;
}

type Seen = {
  readonly role: string;
  readonly database: string;
  readonly exists: boolean;
  readonly creates: boolean;
  readonly createsSchemas: boolean;
  readonly taken: string | null;
};

/** Why the views cannot be created in the schema, and what to do; null if they can. */
async function schemaFault(
  client: Client,
  { databaseSchema, resultsSchema }: ResultsAddress,
): Promise<string | null> {
  const { rows } = await client.query<Seen>(
    `select current_user as role, current_database() as database, n.oid is not null as exists,
            coalesce(has_schema_privilege(n.oid, 'USAGE') and has_schema_privilege(n.oid, 'CREATE'), false) as creates,
            has_database_privilege(current_database(), 'CREATE') as "createsSchemas",
            (select min(c.relname) from pg_class c
             where c.relnamespace = n.oid and c.relname = any($2)
               and not starts_with(coalesce(obj_description(c.oid, 'pg_class'), ''), $3)) as taken
     from (select to_regnamespace(quote_ident($1))::oid as oid) n`,
    [resultsSchema, RESULT_VIEWS.map(({ name }) => name), `${markOf(databaseSchema)}, `],
  );
  const { role, database, exists, creates, createsSchemas, taken } = rows[0] as Seen;
  const [schema, owner] = [resultsSchema, role].map(pg.escapeIdentifier);
  if (!exists && !createsSchemas)
    return `The role ${role} may not create the schema ${resultsSchema} in the database ${database}. Its owner can run: create schema ${schema} authorization ${owner}`;
  if (exists && !creates)
    return `The role ${role} may not create views in the schema ${resultsSchema}. The owner of the schema can run: grant usage, create on schema ${schema} to ${owner}`;
  if (taken !== null)
    return `The schema ${resultsSchema} has a relation ${taken} that is not a view of this deployment. Set DB_RESULTS_SCHEMA to another schema.`;
  return null;
}

async function openSchema(client: Client, { resultsSchema }: ResultsAddress): Promise<void> {
  const { rows } = await client.query("select to_regnamespace(quote_ident($1)) is null as missing", [
    resultsSchema,
  ]);
  if (rows[0]?.missing) await client.query(`create schema ${pg.escapeIdentifier(resultsSchema)}`);
}

const nameOf = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;

const dropView = (client: Client, view: FoundView) => client.query(`drop view ${nameOf(view)}`);

/** SQL that creates a view. Names of tables are resolved by the search path when the view is created. */
const viewSql = (resultsSchema: string, { name, columns, select }: ResultView): string =>
  `create or replace view ${nameOf({ schema: resultsSchema, name })} (${Object.keys(columns).join(", ")}) with (security_invoker = true) as\n${select}`;

type Written = { readonly before: FoundView | undefined; readonly readers: readonly string[] };

async function writeView(
  client: Client,
  { databaseSchema, resultsSchema }: ResultsAddress,
  view: ResultView,
  { before, readers }: Written,
): Promise<void> {
  // Replacing a view keeps objects of the host that depend on it, but works only while its columns stay the
  // same.
  const failure = before && (await attempt(client, () => client.query(viewSql(resultsSchema, view))));
  if (failure !== null) {
    if (before !== undefined) await dropView(client, before);
    await client.query(viewSql(resultsSchema, view));
  }
  const name = nameOf({ schema: resultsSchema, name: view.name });
  await client.query(`comment on view ${name} is ${pg.escapeLiteral(commentOf(databaseSchema, view))}`);
  if (readers.length === 0) return;
  const roles = readers.map(roleOf).join(", ");
  await client.query(`grant select on ${name} to ${roles}`);
  await client.query(`grant usage on schema ${pg.escapeIdentifier(resultsSchema)} to ${roles}`);
}

/** A schema that the views have left is dropped, unless something else is in it or another role owns it. */
async function dropLeftSchemas(
  client: Client,
  { resultsSchema }: ResultsAddress,
  stale: readonly FoundView[],
): Promise<void> {
  for (const schema of new Set(stale.map((view) => view.schema)))
    if (schema !== resultsSchema)
      await attempt(client, () => client.query(`drop schema ${pg.escapeIdentifier(schema)}`));
}

/** The reader keeps its rights on tables and views that a migration added. */
async function grantReader(client: Client, address: ResultsAddress): Promise<void> {
  const { reader } = roleNames(address.databaseSchema);
  const { rows } = await client.query("select 1 from pg_roles where rolname = $1", [reader]);
  if (rows.length > 0) await client.query(readerGrants(address));
}
