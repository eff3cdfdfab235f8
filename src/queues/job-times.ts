import { type SQL, sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";

/** How long the entries of a job take, and since when they fail or take longer than usual. */
export type JobTimes = {
  job: string;
  /** Attempts of the last day, and the time that one took. Null without any. */
  entries: number;
  medianMs: number | null;
  p95Ms: number | null;
  /** Of a carrier, which may hold several entries. */
  longestMs: number | null;
  /**
   * When the first of the steps began in each of which an attempt failed, up to the last step with work; null
   * if none failed in the last one. The attempts since then, and how many of them failed.
   */
  failingSince: string | null;
  tried: number;
  failed: number;
  /** When the first of the last steps began that were slow; null if the last one was not. */
  slowSince: string | null;
  /** The time of an attempt since then, and the usual one: the median of four days. */
  slowMs: number | null;
  usualMs: number;
};

/** A step is slow if an attempt took this many times as long as usual, and longer by this time. */
const SLOW_FACTOR = 2;
const SLOW_BY_MS = 100;

/** The smallest value that a share of the weight does not exceed, in rows ordered by value. */
export const weightedQuantile = (value: SQL, share: number): SQL =>
  sql`min(${value}) filter (where upto >= ${share}::float8 * whole)`;

/** How many days back is usual. */
const USUAL_DAYS = 4;

/**
 * The times of jobs, by job. What is stored are sums of ten minutes, so the quantiles are those of the
 * averages of each ten minutes, weighted by attempts, and an onset is the beginning of ten minutes. Jobs
 * without work in the last four days are absent.
 */
export const readJobTimes = (on: Queryable, jobs: readonly string[], now: Date): Promise<JobTimes[]> =>
  rows<JobTimes>(
    on,
    // Names of jobs are ASCII, and compared as bytes in a fraction of the time.
    sql`with steps as materialized (
          select job collate "C" as job, since, settled + failed as entries, failed, ran_ms, longest_ms,
                 ran_ms::float8 / (settled + failed) as mean
          from job_activity
          where since > ${now}::timestamptz - ${USUAL_DAYS} * interval '1 day' and job = any(${array(jobs)}::text[]) and settled + failed > 0),
        day as (
          select job, max(whole)::float8 as entries, ${weightedQuantile(sql`mean`, 0.5)} as median,
                 ${weightedQuantile(sql`mean`, 0.95)} as p95, max(longest_ms)::float8 as longest
          from (${ranked(sql`since > ${now}::timestamptz - interval '1 day'`)}) d group by job),
        usual as (select job, ${weightedQuantile(sql`mean`, 0.5)} as median from (${ranked(sql`true`)}) u group by job),
        ends as (
          select s.job, max(s.since) filter (where s.failed = 0) as clean,
                 max(s.since) filter (where s.mean < ${SLOW_FACTOR}::float8 * u.median or s.mean < u.median + ${SLOW_BY_MS}::float8) as fast
          from steps s join usual u on u.job = s.job group by s.job),
        onsets as (
          select s.job, min(s.since) filter (where ${AFTER_CLEAN}) as "failingSince",
                 coalesce(sum(s.entries) filter (where ${AFTER_CLEAN}), 0)::float8 as tried,
                 coalesce(sum(s.failed) filter (where ${AFTER_CLEAN}), 0)::float8 as failed,
                 min(s.since) filter (where ${AFTER_FAST}) as "slowSince",
                 (sum(s.ran_ms) filter (where ${AFTER_FAST}) / sum(s.entries) filter (where ${AFTER_FAST}))::float8 as "slowMs"
          from steps s join ends e on e.job = s.job group by s.job)
        select o.*, u.median as "usualMs", coalesce(d.entries, 0) as entries, d.median as "medianMs", d.p95 as "p95Ms", d.longest as "longestMs"
        from onsets o join usual u on u.job = o.job left join day d on d.job = o.job order by o.job`,
  );

const AFTER_CLEAN = sql`s.since > coalesce(e.clean, '-infinity')`;
const AFTER_FAST = sql`s.since > coalesce(e.fast, '-infinity')`;

const ranked = (condition: SQL): SQL =>
  sql`select job, mean, longest_ms, sum(entries) over (partition by job order by mean, since) as upto,
             sum(entries) over (partition by job) as whole
      from steps where ${condition}`;
