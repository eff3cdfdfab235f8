import { type SQL, sql } from "drizzle-orm";
import { readInt4Array, readInt8Array } from "../db/binary-arrays.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import { servedId } from "../db/versions.ts";
import type { EarlierVersion } from "../scoring/people/earlier-people.ts";
import { QUIZ_DIMENSIONS } from "../scoring/people/person.ts";
import { IS_DELETED } from "./profile-columns.ts";
import { ratingMeans } from "./ratings.ts";

/** SQL: whether the profile `p` of the user `u` takes part: it has lists. */
export const IS_PRESENT = sql`(not p.banned and not ${IS_DELETED})`;

/**
 * SQL: a number for a text, the same for all spellings. Of two different texts both have the same number once
 * in 10^14 times.
 */
const numberOf = (text: SQL): SQL => sql`('x' || left(md5(lower(btrim(${text}))), 12))::bit(48)::bigint`;
const numberOrNull = (text: SQL): SQL => sql`case when btrim(${text}) <> '' then ${numberOf(text)} end`;

/**
 * SQL: the facts of the present people of a scope as (user_id, facts): a JSON text of PersonRow without its
 * id and position. Of their location it holds the cell alone.
 */
export const presentPeople = (scope: UserScope): SQL => sql`(
  select p.user_id, ${FACTS}::text as facts
  from profiles p
  join users u on u.id = p.user_id
  left join profile_preferences w on w.user_id = p.user_id
  left join (select t.user_id, json_agg(json_build_array(t.trait_id, t.value, t.n) order by t.trait_id) as traits
             from user_traits t where t.version = ${servedId("traits")} and ${inUserScope(sql`t.user_id`, scope)} group by 1) t on t.user_id = p.user_id
  left join (select i.user_id, json_agg(i.interest_id order by i.interest_id) as interests
             from user_interests i where ${inUserScope(sql`i.user_id`, scope)} group by 1) i on i.user_id = p.user_id
  left join ${ratingMeans("rated_id", scope)} received on received.user_id = p.user_id
  left join ${ratingMeans("rater_id", scope)} given on given.user_id = p.user_id
  left join ${blockHashes(scope)} blocks on blocks.user_id = p.user_id
  where ${inUserScope(sql`p.user_id`, scope)} and ${IS_PRESENT})`;

const FACTS = sql`json_build_object(
  'traits', t.traits, 'quiz', case when cardinality(p.quiz_vector) = ${QUIZ_DIMENSIONS}::int then p.quiz_vector end, 'interests', i.interests,
  'received', received.means, 'given', given.means, 'updatedAt', extract(epoch from p.updated_at)::float8 * 1000,
  'latitude', p.grid_latitude, 'longitude', p.grid_longitude, 'text', ${numberOrNull(sql`p.location_text`)},
  'gender', ${numberOrNull(sql`p.gender`)}, 'birthDate', p.birth_date::text,
  'genders', (select json_agg(${numberOf(sql`g`)}) from unnest(w.genders) as g),
  'ageMin', w.age_min, 'ageMax', w.age_max, 'distanceKm', w.distance_km, 'isCandidate', p.visible, 'blocks', blocks.hash)`;

/** SQL: the blocks of the users of a scope, in either direction, as (user_id, other). */
const blocksOf = (scope: UserScope): SQL => sql`(
  select blocker_id as user_id, blocked_id as other from user_blocks where ${inUserScope(sql`blocker_id`, scope)}
  union
  select blocked_id, blocker_id from user_blocks where ${inUserScope(sql`blocked_id`, scope)})`;

/** SQL: (user_id, hash) of users of a scope who block or are blocked. Equal hashes: the same blocks. */
const blockHashes = (scope: UserScope): SQL => sql`(
  select b.user_id, md5(string_agg(b.other::text, ',' order by b.other)) as hash from ${blocksOf(scope)} b group by 1)`;

/** SQL: a PersonRow of the row `l` of pair_people, with these facts. */
export const personRow = (facts: SQL): SQL =>
  sql`'{"id":' || l.user_id || ',"position":' || l.position || ',' || substr(${facts}, 2)`;

/** The stored facts of people of a version that a condition selects, as a JSON array of PersonRow. */
export async function readStoredPeople(tx: Tx, version: string, condition: SQL): Promise<string> {
  const [read] = await rows<{ people: string }>(
    tx,
    sql`select coalesce('[' || string_agg(${personRow(sql`l.facts`)}, ',') || ']', '[]') as people
        from pair_people l where l.version = ${version} and l.facts is not null and ${condition}`,
  );
  return read?.people ?? "[]";
}

/** People whose facts were replaced after a change of a version, and those who have left since. */
type ReplacedPeople = { readonly replaced: string; readonly left: readonly number[] };

export async function readReplaced(tx: Tx, version: string, change: number): Promise<ReplacedPeople> {
  const left = await rows<{ id: string }>(
    tx,
    sql`select user_id as id from pair_people where version = ${version} and changed > ${change} and changed > 0 and facts is null`,
  );
  return {
    replaced: await readStoredPeople(tx, version, sql`l.changed > ${change} and l.changed > 0`),
    left: left.map(({ id }) => Number(id)),
  };
}

/** The people of a version with their current facts. */
export type CurrentPeople = {
  /** A JSON array of PersonRow. Those who are no longer present, or have no position, are missing. */
  readonly people: string;
  /** Of the same moment, as `blocksText` gives them. */
  readonly blocks: string;
};

export async function readCurrentPeople(tx: Tx, version: string, scope: UserScope): Promise<CurrentPeople> {
  const [read] = await rows<CurrentPeople>(
    tx,
    sql`select coalesce('[' || string_agg(${personRow(sql`n.facts`)}, ',') || ']', '[]') as people, ${blocksText(scope)} as blocks
        from pair_people l join ${presentPeople(scope)} n on n.user_id = l.user_id
        where l.version = ${version} and ${inUserScope(sql`l.user_id`, scope)}`,
  );
  return read ?? { people: "[]", blocks: "[]" };
}

/**
 * SQL: the blocks of users of a scope, as a JSON array of [user, ids of those who blocked them or are blocked
 * by them].
 */
const blocksText = (scope: UserScope): SQL => sql`(
  select coalesce(json_agg(json_build_array(b.user_id, b.ids)), '[]'::json)::text
  from (select b.user_id, json_agg(b.other) as ids from ${blocksOf(scope)} b group by 1) b)`;

/** The blocks of people of a version. */
export type StoredBlocks = {
  /** As `blocksText` gives them. */
  readonly blocks: string;
  /** Users whose blocks have changed since their facts were stored. */
  readonly outdated: readonly string[];
};

/** The blocks of the people of a version that a condition on the row `l` of pair_people selects. */
export async function readStoredBlocks(tx: Tx, version: string, condition: SQL): Promise<StoredBlocks> {
  const people = await rows<{ id: string }>(
    tx,
    sql`select l.user_id as id from pair_people l
        where l.version = ${version} and l.facts is not null and ${condition}
          and (l.facts::json ->> 'blocks' is not null or exists (select 1 from user_blocks b where b.blocker_id = l.user_id)
            or exists (select 1 from user_blocks b where b.blocked_id = l.user_id))`,
  );
  if (people.length === 0) return { blocks: "[]", outdated: [] };
  const scope = { ids: people.map(({ id }) => id) };
  const [read] = await rows<StoredBlocks>(
    tx,
    sql`select ${blocksText(scope)} as blocks,
               (select coalesce(json_agg(l.user_id::text), '[]'::json) from pair_people l
                left join ${blockHashes(scope)} now on now.user_id = l.user_id
                where l.version = ${version} and ${inUserScope(sql`l.user_id`, scope)}
                  and l.facts::json ->> 'blocks' is distinct from now.hash) as outdated`,
  );
  return read as StoredBlocks;
}

/** Who is at which position of a version, by ascending user id. */
export async function readPositions(
  tx: Tx,
  version: string,
): Promise<Pick<EarlierVersion, "positions" | "userIds">> {
  const [people] = await rows<{ positions: Buffer | null; userIds: Buffer | null }>(
    tx,
    sql`select array_send(array_agg(position order by user_id)) as positions,
               array_send(array_agg(user_id order by user_id)) as "userIds"
        from pair_people where version = ${version}`,
  );
  return {
    positions: readInt4Array(people?.positions ?? null),
    userIds: readInt8Array(people?.userIds ?? null),
  };
}

/**
 * Users of a scope whose facts differ between two versions, who were placed in the earlier one, since its
 * lists do not have them as they are, or who have facts in the next one only. This is one scan, since the
 * plan of a join would depend on statistics, which rows just written do not have.
 */
export async function readChangedIds(
  tx: Tx,
  { earlier, next }: { readonly earlier: string; readonly next: string },
  scope: UserScope,
): Promise<Float64Array> {
  const [changed] = await rows<{ ids: Buffer | null }>(
    tx,
    // The facts of users who were placed were written from jsonb: their text differs where nothing changed.
    sql`select array_send(array_agg(f.user_id)) as ids
        from (select user_id, max(facts) filter (where version = ${earlier}) as before,
                     max(facts) filter (where version = ${next}) as after, max(changed) filter (where version = ${earlier}) as changed
              from pair_people where version in (${earlier}, ${next}) and ${inUserScope(sql`user_id`, scope)} group by user_id) f
        where f.after is not null and (f.before is null or f.changed > 0 or (f.before <> f.after and f.before::jsonb <> f.after::jsonb))`,
  );
  return readInt8Array(changed?.ids ?? null);
}
