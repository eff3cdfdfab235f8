import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../../db/statement.ts";

/** The robots.txt of an origin; rules are null if it has none. */
export type RobotsFile = { readonly rules: string | null; readonly fetchedAt: Date };

/** Records that must survive a wiped Redis: requests counted by day, and the robots.txt of each origin. */
export type FetchRecords = {
  /**
   * Counts a request of today, or several.
   * @returns false, without counting, if the limit of the day does not allow them.
   */
  takeRequest(name: string, perDay: number, now: Date, count?: number): Promise<boolean>;
  readRobots(origin: string): Promise<RobotsFile | null>;
  storeRobots(origin: string, file: RobotsFile): Promise<void>;
};

/** Records in Postgres. Each call is a transaction of its own: a request that was sent stays counted. */
export const fetchRecords = (on: Queryable): FetchRecords => ({
  async takeRequest(name, perDay, now, count = 1) {
    const counted = await rows(
      on,
      sql`insert into outside_requests as r (name, day, requests)
          select ${name}, (${now}::timestamptz at time zone 'UTC')::date, ${count}::int where ${count}::int <= ${perDay}::int
          on conflict (name, day) do update set requests = r.requests + excluded.requests
          where r.requests + excluded.requests <= ${perDay}::int
          returning requests`,
    );
    return counted.length > 0;
  },
  async readRobots(origin) {
    const [file] = await rows<{ rules: string | null; fetchedAt: string }>(
      on,
      sql`select rules, fetched_at as "fetchedAt" from robots_files where origin = ${origin}`,
    );
    return file === undefined ? null : { rules: file.rules, fetchedAt: new Date(file.fetchedAt) };
  },
  async storeRobots(origin, { rules, fetchedAt }) {
    await on.execute(
      sql`insert into robots_files (origin, rules, fetched_at) values (${origin}, ${rules}, ${fetchedAt})
          on conflict (origin) do update set rules = excluded.rules, fetched_at = excluded.fetched_at`,
    );
  },
});
