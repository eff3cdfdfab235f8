import { profileSearchIndex } from "../../src/workers/matching/people/profile-search-index.ts";
import { serve } from "../http/support.ts";
import { performRanged } from "./jobs.ts";
import { insertRow } from "./platform.ts";
import { JWT_SECRET, userToken } from "./user-token.ts";
import { createWorld, type World } from "./world.ts";

export const TODAY = "2026-06-02T08:00:00Z";

export const LONG_BIO = `Likes long walks and good books, and writes about both. ${"More of that. ".repeat(3)}`;

export type Profile = {
  name?: string;
  bio?: string;
  birth_date?: string | null;
  gender?: string | null;
  intent?: string | null;
  location_text?: string | null;
  latitude?: number | null;
  longitude?: number | null;
  avatar_media_id?: number | null;
  visible?: boolean;
  banned?: boolean;
  deleted_at?: string | null;
  hidden_attributes?: string[];
  host_id?: string | null;
};

/** A user with a profile that is complete, unless the fields say otherwise. @returns the id. */
export async function profileOf(world: World, fields: Profile = {}): Promise<string> {
  const { name = "Ada Lovelace", host_id: hostId = null, ...given } = fields;
  const { id } = await insertRow(world, "users", { name, host_id: hostId });
  await insertRow(world, "profiles", {
    user_id: id,
    bio: LONG_BIO,
    birth_date: "1990-12-10",
    location_text: "London",
    avatar_media_id: 1,
    ...given,
  });
  return id;
}

/** Interests of one subject. @returns the ids of the subject and the interests. */
export async function interestsOf(world: World, subject: string, ...keys: string[]) {
  const [row] = await world.query<{ id: string }>(
    "insert into interest_subjects (key, label) values ($1, initcap($1)) returning id",
    [subject],
  );
  const interests: string[] = [];
  for (const key of keys) {
    const [interest] = await world.query<{ id: string }>(
      "insert into interests (subject_id, key, label) values ($1, $2, initcap($2)) returning id",
      [row!.id, key],
    );
    interests.push(interest!.id);
  }
  return { subject: row!.id, interests };
}

export async function likes(world: World, userId: string, ...interests: string[]): Promise<void> {
  await world.query("insert into user_interests (user_id, interest_id) select $1, unnest($2::bigint[])", [
    userId,
    interests,
  ]);
}

/** Builds the index of everybody. */
export const indexAll = (world: World) => performRanged(world, profileSearchIndex, {});

export type PersonBody = Record<string, unknown> & { user_id: string; name: string };
export type SearchBody = Record<string, unknown> & {
  people: PersonBody[];
  total: number;
  error?: { code: string; faults?: { field: string; fault: string }[] };
};

/** A world whose search is called on behalf of users. */
export async function searchApi(environment: Record<string, string> = {}) {
  const world = await createWorld({
    at: TODAY,
    environment: { AUTH_JWT_SECRET: JWT_SECRET, ...environment },
  });
  const address = await serve(world);
  const get = async (path: string, userId: string) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${await userToken(userId, world.clock.now())}` },
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as SearchBody,
    };
  };
  return { world, get };
}

export const namesOf = ({ people }: SearchBody): string[] => people.map(({ name }) => name);
