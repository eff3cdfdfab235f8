import { sql } from "drizzle-orm";
import { ENTRIES } from "../db/pair-entries.ts";
import { type Queryable, rows } from "../db/statement.ts";
import { servedId } from "../db/versions.ts";
import { hiddenTerms } from "../scoring/people/hidden-terms.ts";
import type { PairTerm, PairTier } from "../scoring/people/score-pair.ts";

/** A candidate, as shown to the user. */
export type ServedPair = {
  readonly userId: string;
  readonly name: string;
  readonly tier: PairTier;
  /** From 0 to 1. */
  readonly score: number;
  readonly sharedInterests: readonly string[];
  /** The terms that contribute most. */
  readonly strongest: readonly PairTerm[];
};

export type ServedPage = {
  /** The instant that the scores were computed for; null without lists. */
  readonly asOf: Date | null;
  readonly total: number;
  readonly items: readonly ServedPair[];
};

type Row = Omit<ServedPair, "sharedInterests" | "strongest"> & {
  readonly total: number;
  readonly reasons: { readonly shared_interests: string[]; readonly strongest: PairTerm[] };
  readonly hidden: readonly string[];
};

/**
 * A page of a user's lists: those of tier A first, each best first. People who hid, left, or are blocked
 * disappear at once, and the next on the list take their places.
 *
 * @param tier null: both.
 */
export async function readServedPairs(
  on: Queryable,
  userId: string,
  tier: PairTier | null,
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): Promise<ServedPage> {
  const [version] = await rows<{ asOf: string }>(
    on,
    sql`select v.as_of as "asOf" from list_versions v where v.id = ${servedId("pairs")}`,
  );
  const found = await rows<Row>(
    on,
    sql`with listed as (
          select c.candidate_id as user_id, l.tier, c.score, c.components, v.served_length,
                 row_number() over (partition by l.tier order by c.score desc, c.candidate_id) as rank
          from list_versions v
          join pair_people o on o.version = v.id and o.user_id = ${userId}
          join pair_lists l on l.version = v.id and l.user_id = o.user_id and l.tier = coalesce(${tier}, l.tier)
          cross join lateral ${ENTRIES} c
          where v.id = ${servedId("pairs")} and may_see(${userId}, c.candidate_id)),
        served as (select *, count(*) over ()::int as total from listed where rank <= coalesce(served_length, rank)),
        shown as (select * from served order by tier, rank limit ${pageSize} offset ${(page - 1) * pageSize})
        select s.user_id as "userId", u.name, s.tier, s.score, s.total, f.hidden_attributes as hidden,
               pair_reasons(${userId}, s.user_id, pair_terms(s.components, 1)) as reasons
        from shown s join users u on u.id = s.user_id join profiles f on f.user_id = s.user_id
        order by s.tier, s.rank`,
  );
  return {
    asOf: version ? new Date(version.asOf) : null,
    total: found[0]?.total ?? (page === 1 ? 0 : await countServed(on, userId, tier)),
    items: found.map(({ total: _, reasons, hidden, ...pair }) => {
      const untold = hiddenTerms(hidden);
      return {
        ...pair,
        sharedInterests: untold.has("interests") ? [] : reasons.shared_interests,
        strongest: reasons.strongest.filter((term) => !untold.has(term)),
      };
    }),
  };
}

/** Also known for a page after the last one. */
async function countServed(on: Queryable, userId: string, tier: PairTier | null): Promise<number> {
  const { total } = await readServedPairs(on, userId, tier, { page: 1, pageSize: 1 });
  return total;
}
