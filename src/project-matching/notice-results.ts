import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { MATCH_NOTICE } from "../email/render/experiments.ts";
import { type SampleRatio, sampleRatio } from "../scoring/experiment.ts";

/** Results of one wording of the notice. */
export type NoticeResult = {
  readonly variant: string;
  readonly users: number;
  /** Notices sent; a user may have got several. */
  readonly notices: number;
  /** Notices whose user applied for the project afterwards. */
  readonly applied: number;
};

export type NoticeResults = SampleRatio & { readonly variants: readonly NoticeResult[] };

/** At most this many notices are used for the results, the newest ones. */
const NOTICES_READ = 20_000;

/** Results of the wordings over the last thirty days, with the sample-ratio check. */
export async function noticeResults(on: Queryable, now: Date): Promise<NoticeResults> {
  const counted = await rows<NoticeResult>(
    on,
    sql`select c.variant, count(distinct c.volunteer_id)::int as users, count(*)::int as notices,
               (count(*) filter (where exists (
                 select 1 from project_applications a
                 where a.project_id = c.project_id and a.user_id = c.volunteer_id and a.created_at > c.slot)))::int as applied
        from (
          select * from candidate_notifications
          where slot > ${now}::timestamptz - interval '30 days' and variant is not null order by slot desc limit ${NOTICES_READ}) c
        group by c.variant`,
  );
  const byVariant = new Map(counted.map((row) => [row.variant, row]));
  return {
    ...sampleRatio(MATCH_NOTICE, Object.fromEntries(counted.map(({ variant, users }) => [variant, users]))),
    variants: MATCH_NOTICE.variants.map(
      ({ name }) => byVariant.get(name) ?? { variant: name, users: 0, notices: 0, applied: 0 },
    ),
  };
}
