import { type SQL, sql } from "drizzle-orm";
import { coverIds } from "../../db/cut-ids.ts";
import { prepared, type Queryable, rows } from "../../db/statement.ts";
import type { Tx } from "../../db/transaction.ts";
import { inUserScope, type UserScope } from "../../db/user-scope.ts";
import { EMBEDDED_FIELDS } from "../../scoring/postings/recommend/embedding-text.ts";
import { MAX_CV_TEXT, SCORED_FIELDS } from "../../scoring/postings/recommend/read-facts.ts";
import { parsedFields } from "./parsed-fields.ts";
import { COMMIT_LAG } from "./read-postings.ts";

/** SQL: a dismissal counts for this long. */
const REMEMBERED = sql.raw("interval '90 days'");

/**
 * SQL: whether nothing that the scores of user `c.user_id` depend on has changed since their list `l` was
 * computed, and no dismissal was forgotten since.
 */
export const isUnchanged = (asOf: Date): SQL =>
  sql`(c.updated_at < l.as_of - ${COMMIT_LAG} and coalesce(p.updated_at < l.as_of - ${COMMIT_LAG}, true)
       and not exists (select 1 from job_applications a where a.user_id = c.user_id and (a.updated_at >= l.as_of - ${COMMIT_LAG}
         or a.dismissed_at + ${REMEMBERED} between l.as_of and ${asOf}::timestamptz))
       and not exists (select 1 from recommendation_views w where w.user_id = c.user_id and w.updated_at >= l.as_of - ${COMMIT_LAG})
       and not exists (select 1 from user_vectors v where v.user_id = c.user_id and v.created_at >= l.as_of - ${COMMIT_LAG}))`;

/** Options of reading users. */
export type UserReading = {
  readonly asOf: Date;
  /** Whether to read the texts of CVs, and all the fields that the text sent to be embedded depends on. */
  readonly texts: boolean;
};

/** Up to this many users are read by a plan that is prepared once and too cheap to be compiled. */
const FEW_USERS = 10;
const isFew = (scope: UserScope): boolean => "ids" in scope && scope.ids.length <= FEW_USERS;

/** The users of a scope who have an active CV, as a JSON array of RangeUser. */
export async function readUsers(tx: Tx, scope: UserScope, reading: UserReading): Promise<string> {
  // Compiling takes longer than the statement.
  if (!isFew(scope)) await tx.execute(sql`set local jit = off`);
  return readFewUsers(tx, scope, reading);
}

/** The same for so few users that it does not matter whether the statement is compiled. */
export async function readFewUsers(on: Queryable, scope: UserScope, reading: UserReading): Promise<string> {
  const statement = usersStatement(scope, reading);
  const [read] = await rows<{ users: string }>(on, isFew(scope) ? prepared`${statement}` : statement);
  return read?.users ?? "[]";
}

function usersStatement(scope: UserScope, { asOf, texts }: UserReading): SQL {
  const fields = texts ? [...SCORED_FIELDS, ...EMBEDDED_FIELDS] : SCORED_FIELDS;
  // "offset 0" keeps Postgres from computing what is in `f` for each of its uses.
  return sql`select coalesce(json_agg(json_build_object(
          'id', c.user_id, 'name', ${texts ? sql`(select u.name from users u where u.id = c.user_id)` : sql`null`}, 'embeddingsAllowed', coalesce(p.embeddings_allowed, true),
          'parsedContent', ${parsedFields(sql`c.parsed_content`, fields)},
          'rawText', ${texts ? sql`left(c.raw_text, ${MAX_CV_TEXT}::int)` : sql`null`}, 'hasUnreadText', ${texts ? sql`false` : sql`c.raw_text is not null`},
          'profile', case when p.user_id is not null then json_build_object(
            'primaryJobTitle', p.primary_job_title, 'secondaryJobTitles', p.secondary_job_titles, 'seniorityLevel', p.seniority_level,
            'workPreference', p.work_preference, 'technicalSkills', p.technical_skills, 'tools', p.tools,
            'salaryMin', p.salary_range_min, 'salaryCurrency', p.salary_currency, 'preferredKeywords', p.preferred_keywords,
            'excludedKeywords', p.excluded_keywords, 'blacklistedCompanies', p.blacklisted_companies,
            'freshnessDays', p.job_freshness_days) end,
          'hidden', coalesce(a.hidden, '[]'::json), 'dismissals', coalesce(a.dismissals, '[]'::json), 'liked', coalesce(a.liked, '[]'::json),
          'seen', coalesce((select json_agg(json_build_object('id', w.job_id, 'days', w.days)) from recommendation_views w
                            where w.user_id = c.user_id), '[]'::json),
          'isUnchanged', coalesce(f.is_unchanged and cardinality(l.posting_ids) > 0, false)) order by c.user_id), '[]'::json)::text as users
        from cvs c left join user_profiles p on p.user_id = c.user_id
        left join recommendation_lists l on l.user_id = c.user_id
        left join lateral (select ${isUnchanged(asOf)} as is_unchanged offset 0) f on l.user_id is not null
        left join lateral (
          select json_agg(coalesce(j.cluster, j.id)) filter (where a.status <> 'saved') as hidden,
                 json_agg(json_build_object('reason', a.dismiss_reason, 'company', j.company, 'title', j.title))
                   filter (where a.status = 'dismissed' and a.dismiss_reason is not null
                             and a.dismissed_at > ${asOf}::timestamptz - ${REMEMBERED}) as dismissals,
                 json_agg(j.title) filter (where a.status not in ('dismissed', 'hidden')) as liked
          from job_applications a join jobs j on j.id = a.job_id where a.user_id = c.user_id) a on true
        where c.is_active and ${inUserScope(sql`c.user_id`, scope)}`;
}

/**
 * Ranges of ids with at most `size` users with an active CV each. They cover all ids, so that the lists of
 * users who removed their CV are deleted too.
 */
export const cutUsers = (tx: Tx, size: number): Promise<UserScope[]> =>
  coverIds(tx, sql`select user_id as id from cvs where is_active`, size);

/** Users with an active CV and no list, at most `size` in each scope. */
export async function cutUsersWithoutList(tx: Tx, size: number): Promise<UserScope[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`select c.user_id as id from cvs c
        where c.is_active and not exists (select 1 from recommendation_lists l where l.user_id = c.user_id) order by c.user_id`,
  );
  const scopes: UserScope[] = [];
  for (let from = 0; from < found.length; from += size)
    scopes.push({ ids: found.slice(from, from + size).map(({ id }) => id) });
  return scopes;
}

/**
 * The instant that a run merges from: that of the earliest list which was computed at `since` or later, since
 * only what has changed after it is scored again.
 */
export async function mergeStart(tx: Tx, since: Date): Promise<Date> {
  const [earliest] = await rows<{ asOf: string | null }>(
    tx,
    sql`select min(as_of) as "asOf" from recommendation_lists where as_of >= ${since}::timestamptz`,
  );
  return earliest?.asOf ? new Date(earliest.asOf) : since;
}
