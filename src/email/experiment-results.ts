import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { type Experiment, type SampleRatio, sampleRatio } from "../scoring/experiment.ts";

/** The results of one variant so far. */
export type VariantResult = {
  readonly variant: string;
  readonly share: number;
  /** Users assigned to it. */
  readonly users: number;
  readonly sent: number;
  readonly delivered: number;
  /** E-mails with a notification that was read in the app after they were sent. */
  readonly followed: number;
  /** E-mails whose unsubscribe link was used. */
  readonly left: number;
};

export type ExperimentResult = SampleRatio & {
  readonly name: string;
  readonly variants: readonly VariantResult[];
};

type Counted = Omit<VariantResult, "share">;

/**
 * At most this many users are used for the sample ratio: those with the lowest ids, which favours no variant.
 */
const USERS_READ = 200_000;
/** At most this many e-mails are used for the results, the newest ones. */
export const EMAILS_READ = 10_000;

/**
 * Reads the results of an experiment, with the sample-ratio check of how its users are split. Both are
 * bounded, so the time does not grow with the experiment.
 */
export async function experimentResult(on: Queryable, experiment: Experiment): Promise<ExperimentResult> {
  const counted = await rows<Counted>(
    on,
    sql`select x.variant, x.users, coalesce(m.sent, 0) as sent, coalesce(m.delivered, 0) as delivered,
               coalesce(m.followed, 0) as followed, coalesce(m.left, 0) as left
        from (
          select variant, count(*)::int as users
          from (select variant from experiment_exposures where experiment = ${experiment.name} order by user_id limit ${USERS_READ}) x
          group by variant) x
        left join (
          select m.variant, count(*)::int as sent, (count(*) filter (where m.status = 'delivered'))::int as delivered,
                 (count(*) filter (where exists (
                   select 1 from deliveries d join notifications n on n.id = d.notification_id
                   where d.digest_id = m.digest_id and d.sent_at is not null and n.read_at > m.sent_at)))::int as followed,
                 (count(*) filter (where exists (
                   select 1 from unsubscribe_tokens t where t.email_id = m.id and t.used_at is not null)))::int as left
          from (select * from emails where experiment = ${experiment.name} and sent_at is not null order by id desc limit ${EMAILS_READ}) m
          group by m.variant) m on m.variant = x.variant`,
  );
  const byVariant = new Map(counted.map((row) => [row.variant, row]));
  const users = Object.fromEntries(counted.map((row) => [row.variant, row.users]));
  return {
    name: experiment.name,
    ...sampleRatio(experiment, users),
    variants: experiment.variants.map(({ name, share }) => ({
      ...(byVariant.get(name) ?? { variant: name, users: 0, sent: 0, delivered: 0, followed: 0, left: 0 }),
      share,
    })),
  };
}
