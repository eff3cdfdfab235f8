import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import type { Counts } from "../queues/outcome.ts";
import {
  BIO_LENGTH,
  COMPLETENESS_POINTS,
  ENOUGH_INTERESTS,
  type SearchableReason,
} from "../scoring/people/completeness.ts";
import { birthDateOf, cellOf, IS_DELETED } from "./profile-columns.ts";

/** People who are searchable, who are not, how many of both changed, and how many have each reason. */
export type SearchableCounts = Counts & { readonly searchable: number };

/**
 * Decides for each user of the scope whether they are found, and why not, like `judgeSearchable`. One
 * statement writes only the rows that change. Users without a profile lose their rows, and those who are
 * deleted lose that of the index.
 */
export async function updateSearchable(
  tx: Tx,
  scope: UserScope,
  { threshold, now }: { readonly threshold: number; readonly now: Date },
): Promise<SearchableCounts> {
  const points = COMPLETENESS_POINTS;
  const within = inUserScope(sql`p.user_id`, scope);
  const gone = sql`${inUserScope(sql`s.user_id`, scope)} and not exists (select 1 from profiles p where p.user_id = s.user_id)`;
  const unlisted = sql`${inUserScope(sql`s.user_id`, scope)} and not exists (
    select 1 from profiles p join users u on u.id = p.user_id where p.user_id = s.user_id and not ${IS_DELETED})`;
  const [counted] = await rows<Counted>(
    tx,
    sql`with facts as (
          select p.user_id, ${IS_DELETED} as deleted, p.banned, not p.visible as hidden,
                 p.avatar_media_id is not null as photo,
                 char_length(btrim(p.bio, E' \\t\\n\\r')) >= ${BIO_LENGTH}::int as bio,
                 coalesce(btrim(p.location_text), '') <> '' or ${cellOf("latitude")} is not null as location,
                 (select count(*) from (select 1 from user_interests i where i.user_id = p.user_id limit ${ENOUGH_INTERESTS}) i)
                   = ${ENOUGH_INTERESTS}::int as interests,
                 ${birthDateOf(now)} is not null as birth_date
          from profiles p join users u on u.id = p.user_id where ${within}),
        scored as (
          select *, ${points.photo} * photo::int + ${points.bio} * bio::int + ${points.location} * location::int
                    + ${points.interests} * interests::int + ${points.birthDate} * birth_date::int as completeness
          from facts),
        judged as (
          select user_id, completeness::smallint as completeness,
                 array_remove(array[case when deleted then 'deleted' end, case when banned then 'banned' end,
                                    case when hidden then 'hidden' end], null)
                 || case when completeness < ${threshold}::int then array_remove(array[
                      case when not photo then 'no photo' end, case when not bio then 'short bio' end,
                      case when not location then 'no location' end, case when not interests then 'few interests' end,
                      case when not birth_date then 'no birth date' end], null) else '{}' end as reasons
          from scored),
        written as (
          insert into searchable_users as s (user_id, searchable, completeness, reasons, changed_at)
          select user_id, cardinality(reasons) = 0, completeness, reasons, ${now}::timestamptz from judged order by user_id
          on conflict (user_id) do update set searchable = excluded.searchable, completeness = excluded.completeness,
            reasons = excluded.reasons, changed_at = excluded.changed_at
          where (s.completeness, s.reasons) is distinct from (excluded.completeness, excluded.reasons)
          returning user_id),
        flagged as (
          update profile_search_index i set searchable = cardinality(j.reasons) = 0
          from judged j where i.user_id = j.user_id and i.searchable <> (cardinality(j.reasons) = 0)
            and not 'deleted' = any(j.reasons)),
        dropped as (delete from searchable_users s where ${gone} returning 1),
        unlisted as (delete from profile_search_index s where ${unlisted})
        select count(*) filter (where cardinality(reasons) = 0)::int as searchable,
               count(*) filter (where cardinality(reasons) > 0)::int as "not searchable",
               (select count(*) from written)::int + (select count(*) from dropped)::int as changed,
               (select coalesce(jsonb_object_agg(reason, n), '{}') from (
                  select reason, count(*) as n from judged, unnest(reasons) as reason group by reason) r) as reasons
        from judged`,
  );
  const { reasons = {}, ...counts } = counted ?? { searchable: 0, "not searchable": 0, changed: 0 };
  return { ...counts, ...reasons };
}

type Counted = {
  readonly searchable: number;
  readonly "not searchable": number;
  readonly changed: number;
  readonly reasons?: Counts;
};

/** Whether a user is found, and why not. */
export type OwnSearchable = {
  readonly searchable: boolean;
  readonly completeness: number;
  readonly reasons: readonly SearchableReason[];
};

/**
 * Null if that was not decided yet, or the user has no profile. Hiding takes effect at once, so it is looked
 * up; users who show themselves again are found once the index has them.
 */
export async function readSearchable(on: Queryable, userId: string): Promise<OwnSearchable | null> {
  const [found] = await rows<OwnSearchable & { closed: SearchableReason[] }>(
    on,
    sql`select s.searchable, s.completeness, s.reasons,
               array_remove(array[case when ${IS_DELETED} then 'deleted' end, case when p.banned then 'banned' end,
                                  case when not p.visible then 'hidden' end], null) as closed
        from searchable_users s join profiles p on p.user_id = s.user_id join users u on u.id = s.user_id
        where s.user_id = ${userId}`,
  );
  if (found === undefined) return null;
  const { closed, searchable, completeness, reasons } = found;
  return {
    searchable: searchable && closed.length === 0,
    completeness,
    reasons: [...closed, ...reasons.filter((reason) => !closed.includes(reason))],
  };
}
