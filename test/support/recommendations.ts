import { generateRecommendations } from "../../src/workers/recommendations/generate-recommendations.ts";
import { performRun } from "./jobs.ts";
import { insertRow } from "./platform.ts";
import type { World } from "./world.ts";

/** Runs generate-recommendations to its end. @returns the run. */
export const generate = (world: World, input: { userId?: string; sinceHours?: number } = {}) =>
  performRun(world, generateRecommendations, input);

/** The postings on a user's list, in their order. */
export const jobsOf = async (world: World, userId: string): Promise<string[]> =>
  (await recommended(world, userId)).map(({ job_id }) => job_id);

/** A user with an active CV that states these skills. @returns the user id. */
export async function applicant(
  world: World,
  skills: readonly string[],
  profile: Record<string, unknown> = {},
): Promise<string> {
  const [user] = await world.query<{ id: string }>("insert into users (name) values ('Ada') returning id");
  const userId = user!.id;
  await world.query("insert into cvs (user_id, parsed_content) values ($1, $2)", [userId, { skills }]);
  await setProfile(world, userId, profile);
  return userId;
}

/** Writes columns of a user's profile. */
async function setProfile(world: World, userId: string, profile: Record<string, unknown>): Promise<void> {
  const columns = Object.keys(profile);
  if (columns.length === 0) return;
  const values = columns.map((_, n) => `$${n + 2}`);
  await world.query(
    `insert into user_profiles (user_id, ${columns.join(", ")}) values ($1, ${values.join(", ")})
     on conflict (user_id) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`,
    [userId, ...Object.values(profile)],
  );
}

/** An open posting, stored now unless given. @returns its id. */
export async function posting(
  world: World,
  fields: { title: string; company?: string; description?: string } & Record<string, unknown>,
): Promise<string> {
  const row: Record<string, unknown> = { company: "Acme", scraped_at: world.clock.now(), ...fields };
  return (await insertRow(world, "jobs", { ...row, updated_at: row["scraped_at"] })).id;
}

/** What the view shows, best first. */
export const recommended = (world: World, userId: string) =>
  world.query<{
    job_id: string;
    match_score: number;
    match_reason: string;
    created_at: Date;
    expires_at: Date;
  }>(
    "select job_id, match_score, match_reason, created_at, expires_at from job_recommendations where user_id = $1",
    [userId],
  );

/** Stores a list without computing it: ids, scores, and when they were recommended. */
export async function storeList(
  world: World,
  userId: string,
  entries: readonly { id: number; score: number }[],
  at = world.clock.now(),
): Promise<void> {
  const seconds = Math.floor(at.getTime() / 1_000);
  await world.query(
    `insert into recommendation_lists (user_id, posting_ids, scores, created_at, components, first_places, floor_score, algo_version, as_of)
     values ($1, $2, $3, $4, $5, $6, 0, 'by hand', $7)`,
    [
      userId,
      entries.map(({ id }) => id),
      entries.map(({ score }) => score),
      entries.map(() => seconds),
      Buffer.alloc(24 * entries.length),
      Math.min(20, entries.length),
      at,
    ],
  );
}
