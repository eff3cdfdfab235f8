import { array, prepared, type Queryable, rows } from "../db/statement.ts";
import type { UserRow } from "../scoring/postings/recommend/read-facts.ts";
import type { ApplicationStatus } from "./feedback.ts";

/** At most this many dismissals of a user are read, the latest; more would not lower scores further. */
const MAX_DISMISSALS = 500;

/** The stored list of a user, and the feedback of the user since. */
export type StoredListRow = Pick<UserRow, "dismissals" | "seen"> & {
  readonly userId: string;
  /** Ids of postings, and for each its score and when it was recommended, in seconds. */
  readonly ids: readonly string[];
  readonly scores: readonly number[];
  readonly createdAt: readonly number[];
  readonly components: Uint8Array;
  readonly asOf: Date;
  /** The feedback about postings of the list, by id. */
  readonly statuses: ReadonlyMap<string, ApplicationStatus>;
  /** Clusters in which the user applied for, dismissed or hid a posting. */
  readonly hiddenClusters: ReadonlySet<number>;
  /** The profile, if it was changed after the list was computed; else null: the list has applied it. */
  readonly profile: UserRow["profile"];
};

type Read = Omit<StoredListRow, "asOf" | "statuses" | "hiddenClusters"> & {
  readonly asOf: string;
  readonly hiddenClusters: readonly number[];
  readonly statuses: Readonly<Record<string, ApplicationStatus>> | null;
} & Record<string, unknown>;

/** The stored lists of users. One statement that reads each table by its primary key. */
export async function readStoredLists(
  on: Queryable,
  userIds: readonly string[],
  now: Date,
): Promise<StoredListRow[]> {
  const found = await rows<Read>(
    on,
    prepared`select l.user_id as "userId", l.posting_ids as ids, l.scores, l.created_at as "createdAt", l.components, l.as_of as "asOf",
          (select jsonb_object_agg(a.job_id, a.status) from job_applications a
           where a.user_id = l.user_id and a.job_id = any(l.posting_ids)) as statuses,
          (select coalesce(jsonb_agg(j.cluster), '[]') from job_applications a join jobs j on j.id = a.job_id
           where a.user_id = l.user_id and a.status <> 'saved' and j.cluster is not null) as "hiddenClusters",
          (select coalesce(jsonb_agg(jsonb_build_object('reason', d.dismiss_reason, 'company', j.company, 'title', j.title)), '[]')
           from (select a.job_id, a.dismiss_reason from job_applications a
                 where a.user_id = l.user_id and a.status = 'dismissed' and a.dismiss_reason in ('company', 'title')
                   and a.dismissed_at > ${now}::timestamptz - interval '90 days'
                 order by a.dismissed_at desc limit ${MAX_DISMISSALS}) d
           join jobs j on j.id = d.job_id) as dismissals,
          (select coalesce(jsonb_agg(jsonb_build_object('id', w.job_id, 'days', w.days)), '[]') from recommendation_views w
           where w.user_id = l.user_id and w.job_id = any(l.posting_ids)) as seen,
          (select jsonb_build_object(
             'primaryJobTitle', null, 'secondaryJobTitles', '[]'::jsonb, 'seniorityLevel', null, 'workPreference', p.work_preference,
             'technicalSkills', '[]'::jsonb, 'tools', '[]'::jsonb, 'salaryMin', null, 'salaryCurrency', null,
             'preferredKeywords', '[]'::jsonb, 'excludedKeywords', p.excluded_keywords,
             'blacklistedCompanies', p.blacklisted_companies, 'freshnessDays', p.job_freshness_days)
           from user_profiles p
           where p.user_id = l.user_id and p.updated_at >= l.as_of - interval '15 minutes') as profile
        from recommendation_lists l where l.user_id = any(${array(userIds)}::bigint[])`,
  );
  return found.map(({ asOf, statuses, hiddenClusters, ...list }) => ({
    ...list,
    asOf: new Date(asOf),
    hiddenClusters: new Set(hiddenClusters),
    statuses: new Map(Object.entries(statuses ?? {})),
  }));
}
