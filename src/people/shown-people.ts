import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import { distanceText, type Location, locationOf } from "../scoring/distance.ts";
import { ageOn } from "../scoring/people/age.ts";
import { hiddenParts } from "../scoring/people/search/search-row.ts";
import { distanceKm } from "../scoring/project-matching/match.ts";
import { birthDateOf, cellOf } from "./profile-columns.ts";

/** A person as shown by search. Attributes that they hide are null. */
export type ShownPerson = {
  readonly userId: string;
  /** The host's id, or ours where there is none. */
  readonly reference: string;
  readonly name: string;
  readonly bio: string | null;
  readonly age: number | null;
  readonly gender: string | null;
  readonly intent: string | null;
  readonly location: string | null;
  /** `5 to 10 km away`; null without a center. */
  readonly distance: string | null;
};

type ShownRow = {
  userId: string;
  reference: string;
  name: string;
  bio: string;
  birthDate: string | null;
  gender: string | null;
  intent: string | null;
  locationText: string | null;
  latitude: number | null;
  longitude: number | null;
  hidden: string[];
};

/** The current profiles of people, in the order of the ids. */
export async function readShownPeople(
  on: Queryable,
  ids: readonly string[],
  { center, now }: { readonly center: Location | null; readonly now: Date },
): Promise<ShownPerson[]> {
  if (ids.length === 0) return [];
  const found = await rows<ShownRow>(
    on,
    sql`select p.user_id as "userId", coalesce(u.host_id, u.id::text) as reference, u.name, left(p.bio, 10000) as bio,
               (${birthDateOf(now)})::text as "birthDate", p.gender, p.intent, p.location_text as "locationText",
               ${cellOf("latitude")} as latitude, ${cellOf("longitude")} as longitude, p.hidden_attributes as hidden
        from unnest(${array(ids)}::bigint[]) with ordinality as given(id, n)
        join profiles p on p.user_id = given.id join users u on u.id = p.user_id order by given.n`,
  );
  return found.map((row) => shownPerson(row, center, now));
}

function shownPerson(row: ShownRow, center: Location | null, now: Date): ShownPerson {
  const hidden = hiddenParts(row.hidden);
  const cell = locationOf(row);
  const isPlaceShown = !hidden.has("location_text");
  return {
    userId: row.userId,
    reference: row.reference,
    name: row.name,
    bio: hidden.has("bio") ? null : row.bio,
    age: row.birthDate === null || hidden.has("birth_date") ? null : ageOn(row.birthDate, now),
    gender: hidden.has("gender") ? null : row.gender,
    intent: hidden.has("intent") ? null : row.intent,
    location: isPlaceShown ? row.locationText : null,
    distance: isPlaceShown && cell && center ? distanceText(distanceKm(center, cell)) : null,
  };
}
