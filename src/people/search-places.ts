import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { type Location, locationOf } from "../scoring/distance.ts";
import { foldWords } from "../scoring/people/search/fold.ts";
import { fieldQuery } from "../scoring/people/search/search-query.ts";
import { cellOf } from "./profile-columns.ts";

/** The cell of a user; null if they have none. */
export async function ownCell(on: Queryable, userId: string): Promise<Location | null> {
  const [found] = await rows<{ latitude: number | null; longitude: number | null }>(
    on,
    sql`select ${cellOf("latitude")} as latitude, ${cellOf("longitude")} as longitude from profiles p where p.user_id = ${userId}`,
  );
  return found ? locationOf(found) : null;
}

/** Places with fewer people are ignored: they would reveal where these people are. */
const LEAST_PEOPLE = 5;
/** A sample is enough to locate a town. */
const MOST_PEOPLE = 1_000;
const MAX_WORDS = 6;

/**
 * The location of a place from the people who name it: the mean of their cells, rounded to a tenth of a
 * degree. Null if fewer than five do.
 */
export async function namedPlace(on: Queryable, name: string): Promise<Location | null> {
  const words = foldWords(name, MAX_WORDS);
  if (words.length === 0) return null;
  const query = words
    .map((word) => fieldQuery({ words: [word], negated: false }, "place", new Map()))
    .join(" & ");
  const [found] = await rows<{ latitude: number | null; longitude: number | null; people: number }>(
    on,
    sql`select round(avg(latitude)::numeric, 1)::float8 as latitude, count(*)::int as people,
               round(atan2d(avg(sind(longitude)), avg(cosd(longitude)))::numeric, 1)::float8 as longitude
        from (select i.latitude, i.longitude from profile_search_index i
              where i.searchable and i.doc @@ ${query}::tsquery and i.latitude is not null limit ${MOST_PEOPLE}) named`,
  );
  return found && found.people >= LEAST_PEOPLE ? locationOf(found) : null;
}
