import { type SQL, sql } from "drizzle-orm";

// A list is read from two tables: its stored entries without the people who were placed since, and the new
// entries of those people (decision 0316). The view match_scores does the same.

/** The bytes of an entry, one for each term, as src/scoring/people/pair-bytes.ts writes them. */
const bytes = sql.raw("6");
/** As src/scoring/people/pair-entries.ts divides them. */
const viewersPerPart = sql.raw("512");

/** SQL: the n-th of the terms of a column `components`. */
const termsAt = (components: SQL, n: SQL): SQL =>
  sql`substring(${components} from (${n} - 1) * ${bytes} + 1 for ${bytes})`;

/**
 * SQL: what entered the list `l` of pair_lists since it was written, as (position, change, score,
 * components), where `o` is the row of its user in pair_people. An entry is valid if its person was last
 * placed by this change.
 */
export const ENTERED = sql`(
  select e.candidates[i.at] as position, e.change, e.scores[i.at] as score, ${termsAt(sql`e.components`, sql`i.at`)} as components
  from pair_entries e
  cross join lateral unnest(array_positions(e.lists, 2 * o.position + case l.tier when 'A' then 0 else 1 end)) as i(at)
  where e.version = l.version and e.part = o.position / ${viewersPerPart} and e.change > l.changed)`;

/**
 * SQL: the people on the list `l` of pair_lists, as (candidate_id, score, components), where `o` is the row
 * of its user in pair_people. They are ordered by score and id.
 */
export const ENTRIES = sql`(
  select p.user_id as candidate_id, i.score, ${termsAt(sql`l.components`, sql`i.n::int`)} as components
  from unnest(l.positions, l.scores) with ordinality as i(position, score, n)
  join pair_people p on p.version = l.version and p.position = i.position and p.changed <= l.changed
  union all
  select p.user_id, e.score, e.components
  from ${ENTERED} e join pair_people p on p.version = l.version and p.position = e.position and p.changed = e.change)`;

/**
 * SQL: people on many lists, as (user_id, tier, candidate_id, score): at least the `first` of each list of a
 * version of which a condition on the row `l` of pair_lists is true. Unlike `ENTRIES`, it leaves the order of
 * joins to the planner, which reads the people once. As many as are wanted and people were placed in the
 * version are enough of what a list was written with.
 */
export const firstEntries = (version: SQL, first: SQL, condition: SQL): SQL => sql`(
  select l.user_id, l.tier, p.user_id as candidate_id, i.score
  from list_versions v
  join pair_lists l on l.version = v.id
  cross join lateral unnest(l.positions[1 : ${first} + v.changes], l.scores[1 : ${first} + v.changes]) as i(position, score)
  join pair_people p on p.version = v.id and p.position = i.position and p.changed <= l.changed
  where v.id = ${version} and ${condition}
  union all
  select l.user_id, l.tier, p.user_id, e.score
  from list_versions v
  join pair_lists l on l.version = v.id
  join pair_people o on o.version = v.id and o.user_id = l.user_id
  cross join lateral ${ENTERED} e
  join pair_people p on p.version = v.id and p.position = e.position and p.changed = e.change
  where v.id = ${version} and v.changes > 0 and ${condition})`;
