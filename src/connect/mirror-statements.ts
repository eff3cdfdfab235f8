import { type SQL, sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { MirrorPlan, PlanColumn } from "./plan.ts";
import { writtenValues } from "./shared-columns.ts";

// The statements of a mirror, made from its plan. Aliases: s the select of the mapping, o our table, r the
// rows that it refers to.

const column = (alias: string, name: string): SQL => sql`${sql.raw(alias)}.${sql.identifier(name)}`;
const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);

/** The key of a row as one text: that of its column, or a JSON array of several. */
export const keyText = (alias: string, names: readonly string[]): SQL => {
  const [first] = names;
  if (names.length === 1 && first !== undefined) return sql`${column(alias, first)}::text`;
  return sql`jsonb_build_array(${list(names.map((name) => column(alias, name)))})::text`;
};

const keyNames = ({ key }: MirrorPlan): string[] => key.map(({ name }) => name);

/** The rows that the select of a mirror gives, as `s`. */
export const selected = ({ select }: Pick<MirrorPlan, "select">): SQL => sql.raw(`(\n${select}\n) s`);

const withKeys = (plan: MirrorPlan, keys: readonly string[]): SQL =>
  withKeysOf(plan, sql`${array(keys)}::text[]`);

/** Restricts the select to an array of keys, in a form for which Postgres can use an index of the host. */
function withKeysOf(plan: MirrorPlan, keys: SQL): SQL {
  const [first] = plan.key;
  if (plan.key.length === 1 && first)
    return sql`${column("s", first.name)} = any((${keys})::${sql.raw(first.type)}[])`;
  const parts = plan.key.map(({ type }, index) => sql.raw(`(k.key::jsonb ->> ${index})::${type}`));
  const names = plan.key.map(({ name }) => column("s", name));
  return sql`(${list(names)}) in (select ${list(parts)} from unnest(${keys}) as k(key))`;
}

/** Whether a user that the host has again must be reactivated, besides writing the mapped columns. */
const restored = ({ table, gone, columns }: MirrorPlan): boolean =>
  table === "users" && gone === "tombstone" && !columns.some(({ name }) => name === "deactivated_at");

/** Where nobody was erased, no key is hashed. */
const rowOfErasedUser = (key: SQL): SQL =>
  sql`((select exists (select from erased_users)) and exists (select 1 from erased_users e where e.hash = sha256(convert_to(${key}, 'UTF8'))))`;

/** The outcome of some keys. */
export type WrittenKeys = {
  /** The host has no such rows. */
  readonly absent: string[];
  /** These refer to a row that is not mirrored yet. */
  readonly waiting: string[];
  /** Rows that were inserted, if any others wait for rows of the mirror. */
  readonly fresh: string[];
  /** Whether rows of the mirror have faults. */
  readonly hasFaults: boolean;
};

/** The result of `writeRows`. */
export type WriteResult = WrittenKeys & {
  /** Whether the select has two rows with the same key. */
  readonly hasRepeatedKey: boolean;
};

/** References of a plan, with an alias for each. */
const referencesOf = ({ columns }: MirrorPlan) =>
  columns.flatMap(({ name, references }, index) =>
    references ? [{ name, ...references, alias: `r${index}` }] : [],
  );

/**
 * Rows of the select, `given`, and the same `resolved`: their columns with our ids, and in `needs` and
 * `needs_key` the first reference that cannot be resolved.
 *
 * @param which the condition for rows of the select.
 */
function resolvedRows(plan: MirrorPlan, which: SQL): SQL {
  const { table, columns } = plan;
  const given = columns.map(({ name, type, references }) =>
    references
      ? sql`${column("s", name)}::text as ${sql.identifier(name)}`
      : sql`${column("s", name)}::${sql.raw(type)} as ${sql.identifier(name)}`,
  );
  const references = referencesOf(plan);
  const joins = references.map(({ name, table, alias }) => {
    const present = table === "users" ? sql` and ${column(alias, "erased_at")} is null` : sql``;
    return sql`left join lateral (
      select * from ${sql.identifier(table)} ${sql.raw(alias)} where ${column(alias, "host_id")} = ${column("g", name)}${present} offset 0
    ) ${sql.raw(alias)} on true`;
  });
  const missing = (value: (reference: (typeof references)[number]) => SQL): SQL =>
    references.length === 0
      ? sql`null::text`
      : sql`case ${sql.join(
          references.map((each) => {
            const unresolved = sql`${column("g", each.name)} is not null and ${column(each.alias, each.column)} is null`;
            return sql`when ${unresolved} then ${value(each)}`;
          }),
          sql` `,
        )} end`;
  return sql`
    given as materialized (
      select ${list([sql`${keyText("s", keyNames(plan))} as host_id`, ...given])}
      from ${selected(plan)} where ${which}),
    resolved as materialized (
      select ${list([
        sql`g.host_id`,
        ...columns.map((each) => resolvedColumn(each, references)),
        sql`${missing(({ table }) => sql`${table}::text`)} as needs`,
        sql`${missing(({ name }) => column("g", name))} as needs_key`,
      ])}
      from given g ${sql.join(joins, sql` `)}
      ${table === "users" ? sql`where not ${rowOfErasedUser(sql`g.host_id`)}` : sql``})`;
}

/** The columns that a mirror writes, and their values, from `resolved s` and our row `o`. */
function writtenColumns(plan: MirrorPlan): { names: string[]; values: SQL[] } {
  const names = plan.columns.map(({ name }) => name);
  const values = writtenValues(plan.table, names);
  if (!restored(plan)) return { names, values };
  return { names: [...names, "deactivated_at"], values: [...values, sql`null::timestamptz`] };
}

/**
 * Joins our rows, `o`, with `resolved s` by the index of their keys. `offset 0` keeps Postgres from reading
 * the whole table for each ten thousand of its rows.
 */
const ourRows = ({ table }: MirrorPlan, key: SQL): SQL =>
  sql`left join lateral (select * from ${sql.identifier(table)} o where o.host_id = ${key} offset 0) o on true`;

/** Whether a row of `resolved s` differs from ours, `o`. */
function differs(plan: MirrorPlan): SQL {
  const { names, values } = writtenColumns(plan);
  if (names.length === 0) return sql`o.host_id is null`;
  const ours = names.map((name) => column("o", name));
  return sql`(o.host_id is null or (${list(ours)}) is distinct from (${list(values)}))`;
}

/**
 * Writes the rows of some keys by difference: one that equals ours is not touched. Rows whose references
 * cannot be resolved are recorded in mirror_waiting instead. Returns one row of `WriteResult`.
 */
export function writeRows(plan: MirrorPlan, keys: readonly string[]): SQL {
  const { table } = plan;
  return sql`
    with ${resolvedRows(plan, withKeys(plan, keys))},
    waiting as (
      insert into mirror_waiting (mirror, key, needs, needs_key)
      select ${table}, s.host_id, s.needs, s.needs_key from resolved s
      where s.needs is not null and not (s.needs = 'users' and ${rowOfErasedUser(sql`s.needs_key`)})
      on conflict (mirror, key) do update set needs = excluded.needs, needs_key = excluded.needs_key),
    settled as (
      delete from mirror_waiting w using resolved s where w.mirror = ${table} and w.key = s.host_id and s.needs is null),
    ${writtenRows(plan)}
    select array(select a.key from unnest(${array(keys)}::text[]) as a(key)
                 where not exists (select from resolved s where s.host_id = a.key)) as absent,
           array(select s.host_id from resolved s where s.needs is not null) as waiting,
           case when exists (select from mirror_waiting w where w.needs = ${table}) or exists (select from resolved s where s.needs = ${table})
                then array(select w.host_id from written w where w.is_new) else '{}' end as fresh,
           exists (select from mirror_faults f where f.mirror = ${table}) as "hasFaults",
           exists (select from given g group by g.host_id having count(*) > 1) as "hasRepeatedKey"`;
}

/** Whether our row `o` counts as present: the row of a deleted user stays, emptied. */
const isLeft = ({ gone }: MirrorPlan): SQL =>
  gone === "delete" ? sql`true` : gone === "tombstone" ? sql`o.deactivated_at is null` : sql`false`;

/** The keys of rows `given` that differ from our rows. */
const differingGiven = (plan: MirrorPlan): SQL =>
  sql`select g.host_id as key from given g
      left join resolved s on s.host_id = g.host_id and s.needs is null
      ${ourRows(plan, sql`g.host_id`)}
      where case when s.host_id is null then o.host_id is not null and ${isLeft(plan)} else ${differs(plan)} end`;

/** The keys among some whose rows differ from ours. Returns rows with `key`. */
export const differingKeys = (plan: MirrorPlan, keys: readonly string[]): SQL =>
  sql`
    with ${resolvedRows(plan, withKeys(plan, keys))}
    ${differingGiven(plan)}
    union all
    select o.host_id from ${sql.identifier(plan.table)} o
    where o.host_id = any(${array(keys)}::text[]) and ${isLeft(plan)}
      and not exists (select 1 from given g where g.host_id = o.host_id)`;

/**
 * Compares the next rows of the host with ours. Returns a row with the number of `rows`, the `last` key, and
 * the keys that are `differing`. The rows are read by their keys, which are read first: in the order of the
 * keys, tables that the select joins might be read from their beginnings each time.
 */
export function compareHostRows(plan: MirrorPlan, after: string | null, limit: number): SQL {
  const names = plan.key.map((_, index) => sql.raw(`k${index}`));
  const columns = plan.key.map(({ name }, index) => sql`${column("s", name)} as ${names[index]}`);
  const backwards = names.map((name) => sql`${name} desc`);
  return sql`
    with next as materialized (
      select ${list([sql`${keyText("s", keyNames(plan))} as host_id`, ...columns])}
      from ${selected(plan)} ${nextRows(plan, after, limit)}),
    ${resolvedRows(plan, withKeysOf(plan, sql`array(select host_id from next)`))}
    select (select count(*)::int from next) as rows,
           (select host_id from next order by ${list(backwards)} limit 1) as last,
           array(${differingGiven(plan)}) as differing`;
}

/** The result of reading some of our own rows. */
export type OwnKeys = {
  readonly rows: number;
  /** The key of the last of them; null: there are no more. */
  readonly last: string | null;
  /** The keys that the host does not have. */
  readonly absent: string[];
};

/**
 * Looks up the next of our own rows among those of the host; unless `all`, without those already removed.
 * Returns a row of `OwnKeys`.
 */
export const absentOwnKeys = (
  plan: MirrorPlan,
  after: string | null,
  limit: number,
  { all }: { readonly all: boolean },
): SQL =>
  sql`
    with own as materialized (
      select o.host_id, ${all ? sql`true` : isLeft(plan)} as is_left
      from ${sql.identifier(plan.table)} o
      where o.host_id is not null and (${after}::text is null or o.host_id > ${after}) order by o.host_id limit ${limit}),
    present as materialized (
      select ${keyText("s", keyNames(plan))} as host_id from ${selected(plan)}
      where ${withKeysOf(plan, sql`array(select host_id from own where is_left)`)})
    select (select count(*)::int from own) as rows, (select max(host_id) from own) as last,
           array(select o.host_id from own o where o.is_left and not exists (
             select from present p where p.host_id = o.host_id)) as absent`;

function resolvedColumn(
  { name }: PlanColumn,
  references: readonly { readonly name: string; readonly column: string; readonly alias: string }[],
): SQL {
  const reference = references.find((each) => each.name === name);
  if (!reference) return column("g", name);
  return sql`${column(reference.alias, reference.column)} as ${sql.identifier(name)}`;
}

/**
 * The part of `writeRows` that writes our table. Rows that are there are updated: an upsert would lock each,
 * and fire the triggers of inserts.
 */
function writtenRows(plan: MirrorPlan): SQL {
  const { names, values } = writtenColumns(plan);
  const name = sql.identifier(plan.table);
  const columns = names.map((each) => sql`${sql.identifier(each)}`);
  const assignedFrom = (row: "c" | "excluded") =>
    list(names.map((each) => sql`${sql.identifier(each)} = ${column(row, each)}`));
  const named = values.map((value, index) => sql`${value} as ${columns[index]}`);
  const updated = sql`
    updated as (
      update ${name} t set ${assignedFrom("c")} from changed c where not c.is_absent and t.host_id = c.host_id),`;
  return sql`
    changed as materialized (
      select ${list([sql`s.host_id`, sql`o.host_id is null as is_absent`, ...named])}
      from resolved s ${ourRows(plan, sql`s.host_id`)}
      where s.needs is null and ${differs(plan)}),
    ${names.length === 0 ? sql`` : updated}
    written as (
      insert into ${name} as t (${list([sql`host_id`, ...columns])})
      select ${list([sql`c.host_id`, ...names.map((each) => column("c", each))])}
      from changed c where c.is_absent order by c.host_id
      on conflict (host_id) do ${names.length === 0 ? sql`nothing` : sql`update set ${assignedFrom("excluded")}`}
      returning t.host_id, t.xmax = 0 as is_new)`;
}

/** The keys among some whose rows have a time in a column from then on. Returns rows with `key`. */
export const keysSince = (
  plan: MirrorPlan,
  keys: readonly string[],
  { column: name, since }: { readonly column: string; readonly since: string },
): SQL =>
  sql`select ${keyText("s", keyNames(plan))} as key from ${selected(plan)}
      where ${withKeys(plan, keys)} and ${column("s", name)} >= ${since}::timestamptz`;

/** The keys of changed rows of a source that is not keyed as the mirror is. Returns rows with `key`. */
export function keysThrough(through: string, columns: number, values: readonly string[]): SQL {
  const names = Array.from({ length: columns }, (_, index) => `k${index}`);
  const parts = through.split("$1").map((part) => sql.raw(part));
  return sql`select distinct ${keyText("t", names)} as key
             from (${sql.join(parts, array(values))}) as t(${sql.raw(names.join(", "))})`;
}

/** At most this many rows of a source are read for a check. */
const SAMPLE = 1_000;

type Source = MirrorPlan["sources"][number];

const sampled = ({ schema, table, by }: Source, key: SQL): SQL =>
  sql`select ${key} as key from ${sql.identifier(schema)}.${sql.identifier(table)} t
      where ${sql.join(
        by.map((name) => sql`${column("t", name)} is not null`),
        sql` and `,
      )} limit ${SAMPLE}`;

/** Some of the keys that are recorded when rows of a source change. Returns rows with `key`. */
export const keysOfSource = (source: Source): SQL => sampled(source, keyText("t", source.by));

/** Some of the values from which the select of a source leads to keys. Returns rows with `key`. */
export const sampleOf = (source: Source): SQL =>
  sampled(source, sql`${column("t", source.by[0] ?? "")}::text`);

/** One of the keys that the select has, if it has any of them. Returns a row with `key`. */
export const anyOfKeys = (plan: MirrorPlan, keys: readonly string[]): SQL =>
  sql`select ${keyText("s", keyNames(plan))} as key from ${selected(plan)} where ${withKeys(plan, keys)} limit 1`;

/** The values of a column of some rows, as ours. Returns rows with `value`. */
export const columnValues = (plan: MirrorPlan, { name, type }: PlanColumn, keys: readonly string[]): SQL =>
  sql`select ${column("s", name)}::${sql.raw(type)} as value from ${selected(plan)} where ${withKeys(plan, keys)}`;

/** Some rows of the select, with some of its columns as ours. */
export const sampleRows = ({ select }: MirrorPlan, columns: readonly PlanColumn[]): SQL =>
  sql`select ${list(
    columns.map(({ name, type }) => sql`${column("s", name)}::${sql.raw(type)} as ${sql.identifier(name)}`),
  )} from (select * from (\n${sql.raw(select)}\n) s limit ${SAMPLE}) s`;

/** The clauses of the select for its next rows in the order of the key. */
function nextRows(plan: MirrorPlan, after: string | null, limit: number): SQL {
  const names = plan.key.map(({ name }) => column("s", name));
  const [first] = plan.key;
  const bounds =
    plan.key.length === 1 && first
      ? [sql`${after}::text::${sql.raw(first.type)}`]
      : plan.key.map(
          ({ type }, index) => sql`(${after}::jsonb ->> ${sql.raw(String(index))})::${sql.raw(type)}`,
        );
  const later = after === null ? sql`true` : sql`(${list(names)}) > (${list(bounds)})`;
  const complete = sql.join(
    names.map((name) => sql`${name} is not null`),
    sql` and `,
  );
  return sql`where ${complete} and ${later} order by ${list(names)} limit ${limit}`;
}

/** The next keys of the host in the order of the key. Returns rows with `key`. */
export const nextHostKeys = (plan: MirrorPlan, after: string | null, limit: number): SQL =>
  sql`select ${keyText("s", keyNames(plan))} as key from ${selected(plan)} ${nextRows(plan, after, limit)}`;

/** Empties users that the host no longer has. Others refer to their rows. */
export const tombstoneUsers = (keys: readonly string[]): SQL =>
  sql`update users o set name = '', email = null, time_zone = null, language = null, is_operator = false, deactivated_at = coalesce(deactivated_at, now())
      where o.host_id = any(${array(keys)}::text[])
        and (o.name <> '' or num_nonnulls(o.email, o.time_zone, o.language) > 0 or o.is_operator or o.deactivated_at is null)`;

type ReferenceColumn = PlanColumn & { readonly references: NonNullable<PlanColumn["references"]> };

/** The rows that refer by a column to those with the keys. */
const referring = (child: MirrorPlan, { name, references }: ReferenceColumn, keys: readonly string[]): SQL =>
  sql`from ${sql.identifier(references.table)} p
      join ${sql.identifier(child.table)} c on ${column("c", name)} = ${column("p", references.column)}
      where p.host_id = any(${array(keys)}::text[]) and c.host_id is not null`;

/** The keys of rows that refer to those with the keys. Returns rows with `key`. */
export const childrenOf = (child: MirrorPlan, reference: ReferenceColumn, keys: readonly string[]): SQL =>
  sql`select c.host_id as key ${referring(child, reference, keys)}`;

/** Records that rows wait for those with the keys, which are about to be removed. Returns rows with `key`. */
export const waitForRemoved = (child: MirrorPlan, reference: ReferenceColumn, keys: readonly string[]): SQL =>
  sql`insert into mirror_waiting (mirror, key, needs, needs_key)
      select ${child.table}, c.host_id, ${reference.references.table}, p.host_id
      ${referring(child, reference, keys)}
      on conflict (mirror, key) do update set needs = excluded.needs, needs_key = excluded.needs_key
      returning key`;

/** Records which of the waiting rows were written before: they are not new when they return. */
export const markReturning = ({ table }: MirrorPlan, keys: readonly string[]): SQL =>
  sql`update mirror_waiting w set quiet = true from ${sql.identifier(table)} o
      where w.mirror = ${table} and w.key = any(${array(keys)}::text[]) and o.host_id = w.key and not w.quiet`;
