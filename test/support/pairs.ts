import { expect } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { readBlocks, readCurrentPeople } from "../../src/people/person-facts.ts";
import { seededRandom } from "../../src/random.ts";
import { preparePerson } from "../../src/scoring/people/person.ts";
import { factsOf, type PersonRow } from "../../src/scoring/people/read-facts.ts";
import { bestPairs, type PairTier } from "../../src/scoring/people/score-pair.ts";
import { matchScores } from "../../src/workers/matching/people/match-scores.ts";
import { performRun } from "./jobs.ts";
import { block, insertRow } from "./platform.ts";
import { createWorld, serversOf, type World } from "./world.ts";

export type ProfileFields = {
  /** Columns of `profiles`. */
  readonly profile?: Readonly<Record<string, unknown>>;
  /** Columns of `profile_preferences`. */
  readonly preferences?: Readonly<Record<string, unknown>>;
  /** Numbers of interests, of three subjects. */
  readonly interests?: readonly number[];
  /** The answer to a question that says this. */
  readonly traits?: Readonly<Record<string, number>>;
  readonly name?: string;
};

/** A user with a profile. @returns the user id. */
export async function profile(world: World, fields: ProfileFields = {}): Promise<string> {
  const { id: userId } = await insertRow(world, "users", { name: fields.name ?? "Ada" });
  await insertRow(world, "profiles", { user_id: userId, updated_at: world.clock.now(), ...fields.profile });
  if (fields.preferences)
    await insertRow(world, "profile_preferences", { user_id: userId, ...fields.preferences });
  await setInterests(world, userId, fields.interests ?? []);
  if (fields.traits) await answer(world, userId, fields.traits);
  return userId;
}

/** Replaces a user's interests. */
export async function setInterests(world: World, userId: string, numbers: readonly number[]): Promise<void> {
  await world.query("delete from user_interests where user_id = $1", [userId]);
  await world.query(
    `insert into interest_subjects (key, label) select 'subject ' || n, 'Subject ' || n from generate_series(0, 2) n
     on conflict (key) do nothing`,
  );
  await world.query(
    `insert into interests (subject_id, key, label)
     select s.id, n, 'Interest ' || n from unnest($1::int[]) as n join interest_subjects s on s.key = 'subject ' || n % 3
     on conflict (subject_id, key) do nothing`,
    [numbers],
  );
  await world.query(
    `insert into user_interests (user_id, interest_id)
     select $1, i.id from interests i where i.key = any($2::text[])`,
    [userId, numbers.map(String)],
  );
}

/** The user answers one more question: each trait gets these values. */
export async function answer(
  world: World,
  userId: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const [option] = await world.query<{ id: string }>(
    "insert into quiz_options (question_id, trait_values) values ('a question', $1) returning id",
    [values],
  );
  await world.query(
    "insert into quiz_answers (user_id, quiz_id, question_id, option_id) values ($1, 'a quiz', $2, $3)",
    [userId, `question ${option!.id}`, option!.id],
  );
}

/** One user rates another. */
export const rate = (world: World, rater: string, rated: string, marks: readonly number[]) =>
  world.query(
    `insert into profile_ratings (rater_id, rated_id, attractive, smart, funny, interesting) values ($1, $2, $3, $4, $5, $6)
     on conflict (rater_id, rated_id) do update set attractive = excluded.attractive, smart = excluded.smart`,
    [rater, rated, ...marks],
  );

/** People of a few cities with all kinds of gaps in their profiles. @returns their ids. */
export async function community(world: World, seed: number, count: number): Promise<string[]> {
  const random = seededRandom(seed);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(await profile(world, randomProfile(world, random)));
  for (let n = 0; n < 4 * count; n++) {
    const [rater, rated] = [random.pick(ids), random.pick(ids)];
    if (rater !== rated)
      await rate(
        world,
        rater,
        rated,
        [0, 1, 2, 3].map(() => random.between(0, 5)),
      );
  }
  for (let n = 0; n < count / 6; n++) await block(world, random.pick(ids), random.pick(ids));
  return ids;
}

type Random = ReturnType<typeof seededRandom>;

function randomProfile(world: World, random: Random): ProfileFields {
  const often = <T>(share: number, value: T): T | null => (random.next() < share ? value : null);
  const hasPlace = random.next() < 0.9;
  const age = random.between(18, 60);
  return {
    profile: {
      birth_date: often(0.9, `${world.clock.now().getUTCFullYear() - age}-0${random.between(1, 9)}-15`),
      gender: often(0.9, random.pick(["woman", "man", "other"])),
      location_text: often(0.7, random.pick(["Here", "There"])),
      latitude: hasPlace ? 50 + random.next() : null,
      longitude: hasPlace ? 10 + random.next() : null,
      quiz_vector: often(
        0.5,
        Array.from({ length: 8 }, () => random.next() - 0.5),
      ),
      visible: random.next() < 0.95,
      updated_at: new Date(world.clock.now().getTime() - random.between(0, 100 * 86_400) * 1_000),
    },
    preferences: {
      genders: random.next() < 0.3 ? [] : [random.pick(["woman", "man"])],
      age_min: often(0.6, age - 10),
      age_max: often(0.6, age + 10),
      distance_km: often(0.6, random.between(5, 60)),
    },
    interests: Array.from({ length: random.between(0, 8) }, () => random.between(1, 20)),
    traits: Object.fromEntries(
      Array.from({ length: random.between(0, 8) }, () => [
        `trait ${random.between(1, 12)}`,
        random.between(-10, 10),
      ]),
    ),
  };
}

/** Writes an event, as a host does. */
export const happens = (world: World, type: string, payload: Readonly<Record<string, unknown>>) =>
  world.query("insert into domain_events (event_type, payload) values ($1, $2)", [type, payload]);

/** Runs match-scores and all that it enqueues. @returns the run. */
export const scorePairs = (world: World, input: Record<string, unknown> = {}) =>
  performRun(world, matchScores, input);

/** Another process on the same servers, with other variables. */
export const sameDatabase = (world: World, environment: Record<string, string>): Promise<World> =>
  createWorld({
    at: world.clock.now().toISOString(),
    environment,
    database: { databaseUrl: serversOf(world)["DATABASE_URL"]!, databaseSchema: world.config.databaseSchema },
  });

export type StoredList = {
  readonly user: string;
  readonly tier: PairTier;
  readonly ids: readonly string[];
  readonly scores: readonly number[];
};

/** The lists of the version that is served: the places that are served of each. */
export const storedLists = (world: World): Promise<StoredList[]> =>
  world.query<StoredList>(
    `select l.user_id as user, l.tier, coalesce(array_agg(p.user_id::text order by i.n) filter (where i.n <= v.served_length), '{}') as ids,
            coalesce(array_agg(i.score order by i.n) filter (where i.n <= v.served_length), '{}')::float8[] as scores
     from list_versions v join pair_lists l on l.version = v.id
     left join lateral unnest(l.positions, l.scores) with ordinality as i(position, score, n) on true
     left join pair_people p on p.version = v.id and p.position = i.position
     where v.area = 'pairs' and v.state = 'served' group by l.user_id, l.tier order by l.user_id, l.tier`,
  );

/** The lists of everybody as the reference computes them from what the tables hold now. */
export async function expectedLists(world: World): Promise<StoredList[]> {
  const [version] = await world.query<{ id: string; as_of: Date; served_length: number }>(
    "select id, as_of, served_length from list_versions where area = 'pairs' and state = 'served'",
  );
  const everybody = { from: "0", to: "1000000000" };
  const { people, blocks } = await inTransaction(world.db, async (tx) => ({
    people: JSON.parse(await readCurrentPeople(tx, version!.id, everybody)) as PersonRow[],
    blocks: new Map(JSON.parse(await readBlocks(tx, everybody)) as [number, number[]][]),
  }));
  const prepared = people
    .map((row) => preparePerson(factsOf(row), version!.as_of.getTime()))
    .sort((a, b) => a.id - b.id);
  return prepared.flatMap((viewer): StoredList[] => {
    const lists = bestPairs(viewer, prepared, version!.served_length, new Set(blocks.get(viewer.id)));
    return (["A", "B"] as const).map((tier) => ({
      user: String(viewer.id),
      tier,
      ids: lists[tier].map(({ candidateId }) => String(candidateId)),
      scores: lists[tier].map(({ score }) => Math.fround(score)),
    }));
  });
}

/** Whether what is served is what the reference finds: ids, order and scores. */
export async function expectExact(world: World): Promise<void> {
  const expected = await expectedLists(world);
  expect(expected.length).toBeGreaterThan(0);
  expect(rounded(await storedLists(world))).toEqual(rounded(expected));
}

/** Postgres writes a real with as few digits as it takes. */
const rounded = (lists: readonly StoredList[]) =>
  lists.map((list) => ({ ...list, scores: list.scores.map(Math.fround) }));

/** The ids on a user's list, best first. */
export const listOf = async (world: World, user: string, tier: PairTier): Promise<readonly string[]> =>
  (await storedLists(world)).find((list) => list.user === user && list.tier === tier)?.ids ?? [];
