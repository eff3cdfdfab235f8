import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { inUserScope, type UserScope } from "../db/user-scope.ts";
import { servedId } from "../db/versions.ts";
import { locationOf } from "../scoring/distance.ts";
import { judgeSearchable } from "../scoring/people/completeness.ts";
import { hiddenParts, type SearchFacts } from "../scoring/people/search/search-row.ts";
import { birthDateOf, cellOf, IS_DELETED } from "./profile-columns.ts";

/** A trait is clear from this value on, of 10; fewer than five answers count in proportion. */
const CLEAR_TRAIT = 3;
/** At most this many characters of a bio are read. */
const BIO_READ = 10_000;
/** Of a gender and an intent: longer ones cannot be searched for, and no index would hold them. */
const KIND_READ = 50;
/** Read of each user; the row keeps fewer. */
const LISTED_READ = 1_000;
const TOP_FIVES_READ = 100;

type FactsRow = {
  userId: string;
  name: string;
  bio: string;
  gender: string | null;
  intent: string | null;
  birthDate: string | null;
  locationText: string | null;
  latitude: number | null;
  longitude: number | null;
  hasPhoto: boolean;
  bioLength: number;
  isBanned: boolean;
  isVisible: boolean;
  interestIds: string[];
  subjectIds: string[];
  traitIds: string[];
  topFives: string[];
  hidden: string[];
};

/** The facts about the people of a scope, and when they were read. */
export type ReadFacts = { readonly people: readonly SearchFacts[]; readonly readAt: string };

export type IndexOptions = {
  /** The least completeness of a searchable profile. */
  readonly threshold: number;
  readonly now: Date;
};

/** Reads the facts that the index is built from, of people who are not deleted. */
export async function readSearchFacts(
  on: Queryable,
  scope: UserScope,
  { threshold, now }: IndexOptions,
): Promise<ReadFacts> {
  const [clock] = await rows<{ at: string }>(on, sql`select clock_timestamp()::text as at`);
  const found = await rows<FactsRow>(
    on,
    sql`select p.user_id as "userId", u.name, left(p.bio, ${BIO_READ}) as bio,
               left(p.gender, ${KIND_READ}) as gender, left(p.intent, ${KIND_READ}) as intent,
               (${birthDateOf(now)})::text as "birthDate", left(p.location_text, 500) as "locationText",
               ${cellOf("latitude")} as latitude, ${cellOf("longitude")} as longitude,
               p.avatar_media_id is not null as "hasPhoto", char_length(btrim(p.bio, E' \\t\\n\\r')) as "bioLength",
               p.banned as "isBanned", p.visible as "isVisible",
               array(select i.interest_id from user_interests i where i.user_id = p.user_id
                     order by i.interest_id limit ${LISTED_READ})::text[] as "interestIds",
               array(select distinct n.subject_id from (
                       select i.interest_id from user_interests i where i.user_id = p.user_id order by 1 limit ${LISTED_READ}) mine
                     join interests n on n.id = mine.interest_id order by n.subject_id)::text[] as "subjectIds",
               array(select t.trait_id from user_traits t where t.user_id = p.user_id and t.version = ${servedId("traits")}
                       and t.value * least(t.n / 5.0, 1) >= ${CLEAR_TRAIT} order by t.trait_id limit ${LISTED_READ})::text[] as "traitIds",
               array(select left(f.text, 500) from top5_items f where f.user_id = p.user_id
                     order by f.list, f.position limit ${TOP_FIVES_READ}) as "topFives",
               p.hidden_attributes as hidden
        from profiles p join users u on u.id = p.user_id
        where ${inUserScope(sql`p.user_id`, scope)} and not ${IS_DELETED} order by p.user_id`,
  );
  return { people: found.map((row) => factsOf(row, threshold)), readAt: clock?.at ?? "-infinity" };
}

function factsOf(row: FactsRow, threshold: number): SearchFacts {
  const { latitude, longitude, hasPhoto, bioLength, isBanned, isVisible, hidden, ...facts } = row;
  const cell = locationOf({ latitude, longitude });
  const { completeness, searchable } = judgeSearchable(
    {
      hasPhoto,
      bioLength,
      hasLocation: (facts.locationText ?? "").trim() !== "" || cell !== null,
      interests: facts.interestIds.length,
      hasBirthDate: facts.birthDate !== null,
      isDeleted: false,
      isBanned,
      isVisible,
    },
    threshold,
  );
  return { ...facts, cell, hidden: hiddenParts(hidden), completeness, searchable };
}
