import { type SQL, sql } from "drizzle-orm";
import { inUserScope, type UserScope } from "../db/user-scope.ts";

/** Whether the ratings that a user received or gave are read. */
type Side = "rated_id" | "rater_id";

/** Through numeric: a sum of floats depends on the order of the rows. */
const mean = (kind: "attractive" | "smart" | "funny" | "interesting"): SQL =>
  sql`avg(r.${sql.identifier(kind)}::numeric)::float8`;

/**
 * SQL: the ratings of each user of a scope as (user_id, means): a JSON array of their number and the mean of
 * each kind. Ratings by or of people who have left count as long as the host keeps them.
 */
export const ratingMeans = (side: Side, scope: UserScope): SQL => {
  const column = sql`r.${sql.identifier(side)}`;
  return sql`(select ${column} as user_id, json_build_array(count(*), ${mean("attractive")}, ${mean("smart")},
                ${mean("funny")}, ${mean("interesting")}) as means
              from profile_ratings r where ${inUserScope(column, scope)} group by 1)`;
};
