import { type SQL, sql } from "drizzle-orm";
import { GREATEST_AGE } from "../scoring/people/search/search-query.ts";

// SQL for columns of `profiles p`, with implausible values of the host as null, and of `users u`.

/** Whether the profile belongs to a user who has left. */
export const IS_DELETED: SQL = sql`(p.deleted_at is not null or u.deactivated_at is not null or u.erased_at is not null)`;

/** The date of birth; null if it is in the future or more than 120 years ago. */
export const birthDateOf = (now: Date): SQL =>
  sql`case when p.birth_date <= (${now}::timestamptz at time zone 'UTC')::date
             and p.birth_date > (${now}::timestamptz at time zone 'UTC')::date - make_interval(years => ${GREATEST_AGE + 1}::int)
           then p.birth_date end`;

/** A coordinate of the cell of the grid; null if either one is invalid. */
export const cellOf = (coordinate: "latitude" | "longitude"): SQL =>
  sql`case when p.grid_latitude between -90 and 90 and p.grid_longitude between -180 and 180
           then p.${sql.identifier(`grid_${coordinate}`)} end`;
