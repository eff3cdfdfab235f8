import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { WINDOW_MS } from "../scoring/postings/recommend/score-posting.ts";
import { MAX_TEXT } from "../scoring/postings/skills/match-skills.ts";

/** A range of user ids, `to` excluded, or a set of them. */
export const userScope = z.union([
  z.object({ from: z.string(), to: z.string() }),
  z.object({ ids: z.array(z.string()).readonly() }),
]);
export type UserScope = z.infer<typeof userScope>;

/** SQL: whether an id is in a scope. */
export const inUserScope = (id: SQL, scope: UserScope): SQL =>
  "ids" in scope
    ? sql`${id} = any(${array(scope.ids)}::bigint[])`
    : sql`${id} >= ${scope.from}::bigint and ${id} < ${scope.to}::bigint`;

/** Changes that were committed within this time of an instant may have happened before it. */
const COMMIT_LAG = sql.raw("interval '15 minutes'");
/** A dismissal counts for this long. */
const REMEMBERED = sql.raw("interval '90 days'");
const ms = (instant: SQL): SQL => sql`floor(extract(epoch from ${instant}) * 1000)::bigint`;

/**
 * SQL: whether nothing that the scores of user `c.user_id` depend on has changed since an instant, and no
 * dismissal was forgotten since.
 */
const isUnchangedSince = (since: SQL, asOf: Date): SQL =>
  sql`(c.updated_at < ${since} - ${COMMIT_LAG} and coalesce(p.updated_at < ${since} - ${COMMIT_LAG}, true)
       and not exists (select 1 from job_applications a where a.user_id = c.user_id and (a.updated_at >= ${since} - ${COMMIT_LAG}
         or a.dismissed_at + ${REMEMBERED} between ${since} and ${asOf}::timestamptz))
       and not exists (select 1 from recommendation_views w where w.user_id = c.user_id and w.updated_at >= ${since} - ${COMMIT_LAG})
       and not exists (select 1 from user_vectors v where v.user_id = c.user_id and v.created_at >= ${since} - ${COMMIT_LAG}))`;

/** Which stored lists may be merged: those of these versions, computed at this instant or later. */
export type MergeLimits = { readonly since: Date; readonly versions: readonly string[] };

/**
 * The users of a scope who have an active CV, as a JSON array of RangeUser.
 *
 * @param merge null: lists are not merged, and not read.
 */
export async function readUsers(
  tx: Tx,
  scope: UserScope,
  asOf: Date,
  merge: MergeLimits | null,
): Promise<string> {
  await tx.execute(sql`set local jit = off`);
  return readFewUsers(tx, scope, asOf, merge);
}

/** The same for so few users that it does not matter whether the statement is compiled. */
export async function readFewUsers(
  on: Queryable,
  scope: UserScope,
  asOf: Date,
  merge: MergeLimits | null = null,
): Promise<string> {
  const list = merge
    ? sql`case when l.algo_version = any(${array(merge.versions)}::text[]) and l.as_of >= ${merge.since}::timestamptz and ${isUnchangedSince(sql`l.as_of`, asOf)}
          then json_build_object('ids', encode(array_send(l.posting_ids), 'base64'), 'scores', encode(array_send(l.scores), 'base64'),
                                 'components', encode(l.components, 'base64'), 'floor', l.floor_score, 'version', l.algo_version) end`
    : sql`null`;
  const [read] = await rows<{ users: string }>(
    on,
    sql`select coalesce(json_agg(json_build_object(
          'id', c.user_id, 'name', u.name, 'embeddingsAllowed', coalesce(p.embeddings_allowed, true),
          'parsedContent', c.parsed_content, 'rawText', left(c.raw_text, ${MAX_TEXT}::int),
          'profile', case when p.user_id is not null then json_build_object(
            'primaryJobTitle', p.primary_job_title, 'secondaryJobTitles', p.secondary_job_titles, 'seniorityLevel', p.seniority_level,
            'workPreference', p.work_preference, 'technicalSkills', p.technical_skills, 'tools', p.tools,
            'salaryMin', p.salary_range_min, 'salaryCurrency', p.salary_currency, 'preferredKeywords', p.preferred_keywords,
            'excludedKeywords', p.excluded_keywords, 'blacklistedCompanies', p.blacklisted_companies,
            'freshnessDays', p.job_freshness_days) end,
          'hidden', coalesce(a.hidden, '[]'::json), 'dismissals', coalesce(a.dismissals, '[]'::json), 'liked', coalesce(a.liked, '[]'::json),
          'seen', coalesce((select json_agg(json_build_object('id', w.job_id, 'days', w.days)) from recommendation_views w
                            where w.user_id = c.user_id), '[]'::json),
          'isUnchanged', l.user_id is not null and cardinality(l.posting_ids) > 0 and ${isUnchangedSince(sql`l.as_of`, asOf)},
          'list', ${list}) order by c.user_id), '[]'::json)::text as users
        from cvs c join users u on u.id = c.user_id
        left join user_profiles p on p.user_id = c.user_id
        left join recommendation_lists l on l.user_id = c.user_id
        left join lateral (
          select json_agg(a.job_id) filter (where a.status <> 'saved') as hidden,
                 json_agg(json_build_object('reason', a.dismiss_reason, 'company', j.company, 'title', j.title))
                   filter (where a.status = 'dismissed' and a.dismiss_reason is not null
                             and a.dismissed_at > ${asOf}::timestamptz - ${REMEMBERED}) as dismissals,
                 json_agg(j.title) filter (where a.status not in ('dismissed', 'hidden')) as liked
          from job_applications a join jobs j on j.id = a.job_id where a.user_id = c.user_id) a on true
        where c.is_active and ${inUserScope(sql`c.user_id`, scope)}`,
  );
  return read?.users ?? "[]";
}

/** No bigint is higher. */
const MAX_ID = "9223372036854775807";

/**
 * Ranges of ids with at most `size` users with an active CV each. They cover all ids, so that the lists of
 * users who removed their CV are deleted too.
 */
export async function cutUsers(tx: Tx, size: number): Promise<UserScope[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select user_id as id from (select user_id, row_number() over (order by user_id) as n from cvs where is_active) counted
        where (n - 1) % ${size} = 0 order by user_id`,
  );
  const bounds = ["0", ...starts.slice(1).map(({ id }) => id), MAX_ID];
  return bounds.slice(0, -1).map((from, index) => ({ from, to: bounds[index + 1] as string }));
}

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

const HOUR_MS = 3_600_000;

/**
 * SQL: whether the posting `j` is open and was stored in the window of an instant. The window begins at a
 * full hour, so that runs within an hour share an index; scores apply it exactly.
 */
const isCandidate = (asOf: Date): SQL => {
  const from = new Date(Math.floor(asOf.getTime() / HOUR_MS) * HOUR_MS - WINDOW_MS);
  return sql`(j.status = 'open' and j.is_preferred and j.scraped_at >= ${from}::timestamptz)`;
};

/** The age of a posting counts from here. */
const POSTED_AT = sql`least(coalesce(j.posted_date, j.scraped_at), j.scraped_at)`;

/** SQL: whether a posting is scored again for everyone by a run that follows `since`. */
const isChanged = (since: Date, asOf: Date): SQL => {
  const crossed = (step: string) =>
    sql`${POSTED_AT} + ${sql.raw(`interval '${step}'`)} between ${since}::timestamptz and ${asOf}::timestamptz`;
  return sql`(greatest(j.scraped_at, j.updated_at) >= ${since}::timestamptz - ${COMMIT_LAG} or j.cluster is not null
              or ${crossed("48 hours")} or ${crossed("168 hours")})`;
};

/** Changes when any posting of the window does. */
export async function postingsFingerprint(tx: Tx, asOf: Date): Promise<string> {
  const [found] = await rows<{ fingerprint: string }>(
    tx,
    sql`select concat_ws('.', count(*), coalesce(sum(j.id), 0), max(j.updated_at)) as fingerprint from jobs j where ${isCandidate(asOf)}`,
  );
  return found?.fingerprint ?? "";
}

/** About 100 ms of reading. */
const POSTINGS_PER_PIECE = 1_000;

/** Which postings to read: all of the window, or those that a run after `since` scores again. */
export type PostingScope = { readonly asOf: Date; readonly changedSince: Date | null };

/** Ranges of ids, from `from` up to but not including `to`, that hold the postings of a scope. */
export async function cutPostings(tx: Tx, scope: PostingScope): Promise<{ from: string; to: string }[]> {
  const starts = await rows<{ id: string }>(
    tx,
    sql`select id from (select j.id, row_number() over (order by j.id) as n from jobs j where ${inPostingScope(scope)}) counted
        where (n - 1) % ${POSTINGS_PER_PIECE} = 0 order by id`,
  );
  return starts.map(({ id }, index) => ({ from: id, to: starts[index + 1]?.id ?? MAX_ID }));
}

const inPostingScope = ({ asOf, changedSince }: PostingScope): SQL =>
  changedSince === null ? isCandidate(asOf) : sql`${isCandidate(asOf)} and ${isChanged(changedSince, asOf)}`;

/** SQL: the posting `j` as a PostingRow. */
export const POSTING_ROW = sql`json_build_object(
  'id', j.id, 'cluster', j.cluster, 'title', left(j.title, 500), 'company', left(j.company, 500),
  'description', left(j.description, 20000), 'isRemote', coalesce(j.remote_type = 'remote', false),
  'salaryMin', j.salary_min, 'salaryMax', j.salary_max, 'salaryCurrency', j.salary_currency, 'salaryPeriod', j.salary_period,
  'postedAt', ${ms(POSTED_AT)}, 'scrapedAt', ${ms(sql`j.scraped_at`)})`;

/** The postings of a scope with these ids, as a JSON array of PostingRow. */
export async function readPostings(
  tx: Tx,
  scope: PostingScope,
  { from, to }: { from: string; to: string },
): Promise<string> {
  await tx.execute(sql`set local jit = off`);
  const [read] = await rows<{ postings: string }>(
    tx,
    sql`select coalesce(json_agg(${POSTING_ROW}), '[]'::json)::text as postings
        from jobs j where j.id >= ${from}::bigint and j.id < ${to}::bigint and ${inPostingScope(scope)}`,
  );
  return read?.postings ?? "[]";
}

/** All postings of the window, as a JSON array of [id, OpenPosting]; companies as they are written. */
export async function readOpenPostings(tx: Tx, asOf: Date, changedSince: Date): Promise<string> {
  const [read] = await rows<{ postings: string }>(
    tx,
    sql`select coalesce(json_agg(json_build_array(j.id, json_build_object(
          'cluster', j.cluster, 'company', left(j.company, 500), 'postedAt', ${ms(POSTED_AT)}, 'scrapedAt', ${ms(sql`j.scraped_at`)},
          'isChanged', ${isChanged(changedSince, asOf)}))), '[]'::json)::text as postings
        from jobs j where ${isCandidate(asOf)}`,
  );
  return read?.postings ?? "[]";
}
