import pg, { type ClientBase } from "pg";

/** Extensions that improve a feature. Without one its feature is off; nothing else needs it. */
const EXTENSIONS = [
  { name: "pg_trgm", feature: "typo tolerance in the search for people" },
  { name: "unaccent", feature: "search for people regardless of accents" },
  { name: "btree_gin", feature: "indexed filters in the search for people" },
] as const;

export const EXTENSION_NAMES: readonly string[] = EXTENSIONS.map(({ name }) => name);

/** A feature that is off, and why. */
export type FeatureOff = { readonly feature: string; readonly reason: string };

/**
 * SQL for a condition on pg_namespace `n`: nobody but its owner can create objects there. Only then may a
 * schema that holds an extension be on the search path: others could put a function of their own in front of
 * one that a statement means.
 */
const CLOSED = `not exists (select 1 from aclexplode(n.nspacl) a where a.privilege_type = 'CREATE' and a.grantee <> n.nspowner)`;

/** SQL for the value of search_path: `$1` is the schema, `$2` the names of the extensions. */
export const SEARCH_PATH = `quote_ident($1) || coalesce((
  select string_agg(distinct ', ' || quote_ident(n.nspname), '')
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
  where e.extname = any($2::text[]) and n.nspname <> $1 and ${CLOSED}), '') || ', pg_temp'`;

/**
 * Creates the extensions that the database lacks, as far as the role may. Inside the transaction of
 * `migrate`.
 */
export async function createExtensions(client: ClientBase, schema: string): Promise<void> {
  const found = await client.query<{ name: string }>("select extname as name from pg_extension");
  const present = new Set(found.rows.map(({ name }) => name));
  for (const name of EXTENSION_NAMES.filter((each) => !present.has(each))) {
    await client.query("savepoint extension");
    // Trusted extensions need CREATE on the database, others a superuser. What fails is reported by
    // featuresOff.
    await client
      .query(`create extension ${name} with schema ${pg.escapeIdentifier(schema)}`)
      .catch(() => client.query("rollback to savepoint extension"));
  }
}

/** The features that are off in this database, each with what to do about it. */
export async function featuresOff(client: Pick<ClientBase, "query">, schema: string): Promise<FeatureOff[]> {
  const quoted = pg.escapeIdentifier(schema);
  const found = await client.query<{
    name: string;
    available: boolean;
    home: string | null;
    closed: boolean;
  }>(
    `select x.name, a.name is not null as available, n.nspname as home, ${CLOSED} as closed
     from unnest($1::text[]) as x(name)
     left join pg_available_extensions a on a.name = x.name
     left join pg_extension e on e.extname = x.name left join pg_namespace n on n.oid = e.extnamespace`,
    [EXTENSION_NAMES],
  );
  const states = new Map(found.rows.map((row) => [row.name, row]));
  return EXTENSIONS.flatMap(({ name, feature }) => {
    const { available = false, home = null, closed = false } = states.get(name) ?? {};
    if (home !== null && closed) return [];
    if (home !== null)
      return {
        feature,
        reason: `the extension ${name} is in the schema ${home}, where other roles than its owner may create objects; a superuser can run: alter extension ${name} set schema ${quoted}`,
      };
    if (!available)
      return { feature, reason: `the extension ${name} is not installed on the server (postgresql-contrib)` };
    return {
      feature,
      reason: `the extension ${name} is missing; a superuser can run: create extension ${name} with schema ${quoted}`,
    };
  });
}
