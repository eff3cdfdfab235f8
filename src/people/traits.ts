import { type SQL, sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import { IS_DELETED } from "./profile-columns.ts";

/** Limits for an option: further traits are ignored, and so are those with longer names. */
const TRAITS_PER_OPTION = 100;
const MAX_NAME_LENGTH = 100;

/**
 * SQL: the traits from the answers of the users of a scope, as (user_id, name, value): every trait of every
 * chosen option, from -10 to 10. Values that are not numbers, and traits beyond the limits of an option, are
 * left out: one row of the host must not take all the time of a range, or exceed the limits of an index.
 */
const answeredTraits = (scope: UserScope): SQL => sql`(
  select a.user_id, t.name, least(10, greatest(-10, (t.value #>> '{}')::numeric)) as value
  from quiz_answers a
  join profiles p on p.user_id = a.user_id
  join users u on u.id = a.user_id and not ${IS_DELETED}
  join quiz_options o on o.id = a.option_id
  cross join lateral (
    select e.name, e.value from jsonb_each(case jsonb_typeof(o.trait_values) when 'object' then o.trait_values else '{}' end) as e(name, value)
    where jsonb_typeof(e.value) = 'number' and length(e.name) <= ${MAX_NAME_LENGTH}::int
    order by e.name collate "C" limit ${TRAITS_PER_OPTION}::int) t
  where ${inUserScope(sql`a.user_id`, scope)})`;

/** Users whose traits were written, and the number of their rows. */
export type WrittenTraits = { readonly changed: readonly string[]; readonly traits: number };

/**
 * Computes the traits of the users of a scope from their answers: for each trait, value = mean of the
 * answers, n = their number. Only rows that differ are written; traits without answers are removed.
 */
export async function buildTraits(tx: Tx, version: string, scope: UserScope): Promise<WrittenTraits> {
  await tx.execute(sql`set local jit = off`);
  const computed = await rows<{ userId: string; name: string; value: number; n: number }>(
    tx,
    // The mean of numerics does not depend on the order of the rows.
    sql`select user_id as "userId", name, avg(value)::float8 as value, count(*)::int as n
        from ${answeredTraits(scope)} a group by 1, 2 order by 1, 2`,
  );
  const ids = await traitIds(tx, [...new Set(computed.map(({ name }) => name))]);
  const column = (of: (row: (typeof computed)[number]) => unknown) => array(computed.map(of));
  const wanted = sql`unnest(${column(({ userId }) => userId)}::bigint[], ${column(({ name }) => ids.get(name))}::int[],
                            ${column(({ value }) => value)}::float8[], ${column(({ n }) => n)}::int[])
                       as w(user_id, trait_id, value, n)`;
  const gone = await rows<{ userId: string }>(
    tx,
    sql`delete from user_traits t
        where t.version = ${version} and ${inUserScope(sql`t.user_id`, scope)} and (t.user_id, t.trait_id) not in (select w.user_id, w.trait_id from ${wanted})
        returning t.user_id as "userId"`,
  );
  const written = await rows<{ userId: string }>(
    tx,
    sql`insert into user_traits as t (user_id, version, trait_id, value, n)
        select w.user_id, ${version}::bigint, w.trait_id, w.value, w.n from ${wanted}
        on conflict (user_id, version, trait_id) do update set value = excluded.value, n = excluded.n
        where (t.value, t.n) is distinct from (excluded.value, excluded.n)
        returning t.user_id as "userId"`,
  );
  const changed = new Set([...gone, ...written].map(({ userId }) => userId));
  return { changed: [...changed], traits: computed.length };
}

/** The numbers of traits, which new ones are given. */
async function traitIds(tx: Tx, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (names.length === 0) return new Map();
  const given = sql`${array(names)}::text[]`;
  await tx.execute(
    sql`insert into traits (name) select n.name from unnest(${given}) as n(name)
        where not exists (select 1 from traits t where t.name = n.name) order by 1 on conflict do nothing`,
  );
  const found = await rows<{ id: number; name: string }>(
    tx,
    sql`select id, name from traits where name = any(${given})`,
  );
  return new Map(found.map(({ id, name }) => [name, id]));
}
