import { sql } from "drizzle-orm";
import { isStorable } from "../foreign-text.ts";
import { isId, isUuid } from "../ids.ts";
import { array, prepared, type Queryable, rows } from "./statement.ts";

/** Tables whose rows a host knows by ids of its own. */
export type ReferencedTable =
  | "users"
  | "organizations"
  | "volunteer_profiles"
  | "projects"
  | "chat_threads"
  | "messages"
  | "resources"
  | "meetings"
  | "media"
  | "posts"
  | "interests"
  | "interest_subjects";

/** The payload fields of jobs that refer to rows of the host, with their tables. */
export const REFERENCE_FIELDS: Readonly<Record<string, ReferencedTable>> = {
  organizationId: "organizations",
  projectId: "projects",
  meetingId: "meetings",
  volunteerId: "users",
  userId: "users",
  mediaId: "media",
  postId: "posts",
};

type ReferenceOptions = {
  /** Whether our ids are accepted for rows without a host id. */
  readonly ownIds?: boolean;
};

/**
 * Resolves references given as text: to the row with that host id; else the row without a host id whose id it
 * is; else, for users, the one with that public uuid.
 *
 * @returns our ids by reference. Unknown references are missing.
 */
export async function resolveReferences(
  on: Queryable,
  table: ReferencedTable,
  given: readonly string[],
  { ownIds = true }: ReferenceOptions = {},
): Promise<Map<string, string>> {
  // Text that Postgres cannot store is no row's id, and would make the statement fail for all.
  const references = given.filter(isStorable);
  if (references.length === 0) return new Map();
  const name = sql.identifier(table);
  const isUsers = table === "users";
  // References to an erased user do not resolve.
  const present = isUsers ? sql`t.erased_at is null` : sql`true`;
  const byPublicId = isUsers
    ? sql`(select t.id from users t where t.public_id = r.public_id and ${present})`
    : sql`null::bigint`;
  const found = await rows<{ reference: string; id: string | null }>(
    on,
    prepared`select r.reference, coalesce((select t.id from ${name} t where t.host_id = r.reference and ${present}),
                 (select t.id from ${name} t where t.id = r.id and t.host_id is null and ${present}), ${byPublicId}) as id
        from unnest(${array(references)}::text[], ${array(references.map((text) => (ownIds && isId(text) ? text : null)))}::bigint[],
                    ${array(references.map((text) => (isUuid(text) ? text : null)))}::uuid[]) as r(reference, id, public_id)`,
  );
  return new Map(found.flatMap(({ reference, id }) => (id === null ? [] : [[reference, id] as const])));
}

/** Those of the users, by our ids, that exist and are not erased. */
export async function existingUsers(on: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await rows<{ id: string }>(
    on,
    sql`select id from users where id = any(${array([...new Set(ids)])}::bigint[]) and erased_at is null`,
  );
  return new Set(found.map(({ id }) => id));
}

/** Resolves one reference to our id; null if it is unknown. */
export async function resolveReference(
  on: Queryable,
  table: ReferencedTable,
  reference: string,
  options: ReferenceOptions = {},
): Promise<string | null> {
  return (await resolveReferences(on, table, [reference], options)).get(reference) ?? null;
}

/**
 * Like `resolveReferences`, but an unknown number resolves to itself where the host has no ids of its own: it
 * uses ours, and the row may follow.
 */
export async function resolveOrKeep(
  on: Queryable,
  table: ReferencedTable,
  references: readonly string[],
): Promise<Map<string, string>> {
  const resolved = await resolveReferences(on, table, references);
  const unknown = references.filter((reference) => !resolved.has(reference) && isId(reference));
  if (unknown.length === 0 || (await usesHostIds(on, table))) return resolved;
  return new Map([...resolved, ...unknown.map((id) => [id, id] as const)]);
}

async function usesHostIds(on: Queryable, table: ReferencedTable): Promise<boolean> {
  const found = await rows(on, sql`select 1 from ${sql.identifier(table)} where host_id is not null limit 1`);
  return found.length > 0;
}

/** How rows are referred to: the host's id, or ours where there is none. @returns a function of our ids. */
export async function referencesTo(
  on: Queryable,
  table: ReferencedTable,
  ids: readonly string[],
): Promise<(id: string) => string> {
  const distinct = [...new Set(ids)];
  if (distinct.length === 0) return (id) => id;
  const found = await rows<{ id: string; hostId: string }>(
    on,
    sql`select id, host_id as "hostId" from ${sql.identifier(table)}
        where id = any(${array(distinct)}::bigint[]) and host_id is not null`,
  );
  const hostIds = new Map(found.map(({ id, hostId }) => [id, hostId]));
  return (id) => hostIds.get(id) ?? id;
}

/** Tables whose rows have a name that is of no person. */
export type NamedTable = Extract<ReferencedTable, "organizations" | "projects">;

/** The names of rows, by our ids; those of rows that are gone are absent. */
export async function rowNames(
  on: Queryable,
  table: NamedTable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await rows<{ id: string; name: string }>(
    on,
    sql`select id, name from ${sql.identifier(table)} where id = any(${array([...new Set(ids)])}::bigint[])`,
  );
  return new Map(found.map(({ id, name }) => [id, name]));
}
