import { PgDialect } from "drizzle-orm/pg-core";
import { expect } from "vitest";
import { ENTRIES } from "../../src/db/pair-entries.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { readCurrentPeople } from "../../src/people/person-facts.ts";
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
  await addInterests(
    world,
    numbers.map((number) => ({ userId, number })),
  );
}

async function addInterests(
  world: World,
  added: readonly { readonly userId: string; readonly number: number }[],
): Promise<void> {
  const numbers = added.map(({ number }) => number);
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
     select distinct a.user_id, i.id from unnest($1::bigint[], $2::text[]) as a(user_id, key) join interests i on i.key = a.key`,
    [added.map(({ userId }) => userId), numbers.map(String)],
  );
}

type Answer = {
  readonly userId: string;
  /** Values of traits. */
  readonly values: Readonly<Record<string, unknown>>;
};

/** The user answers one more question: each trait gets these values. */
export const answer = (world: World, userId: string, values: Answer["values"]): Promise<void> =>
  answerAll(world, [{ userId, values }]);

async function answerAll(world: World, answers: readonly Answer[]): Promise<void> {
  const options = await world.query<{ id: string }>(
    `insert into quiz_options (question_id, trait_values)
     select 'a question', given from jsonb_array_elements($1) with ordinality as o(given, n) order by n returning id`,
    [JSON.stringify(answers.map(({ values }) => values))],
  );
  await world.query(
    `insert into quiz_answers (user_id, quiz_id, question_id, option_id)
     select user_id, 'a quiz', 'question ' || option_id, option_id from unnest($1::bigint[], $2::bigint[]) as a(user_id, option_id)`,
    [answers.map(({ userId }) => userId), options.map(({ id }) => id)],
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
  const drawn = Array.from({ length: count }, () => randomProfile(world, random));
  const ids = await insertProfiles(world, drawn);
  await insertRatings(world, ids, random);
  for (let n = 0; n < count / 6; n++) await block(world, random.pick(ids), random.pick(ids));
  return ids;
}

/** Users with profiles, in a few statements for all of them. @returns their ids. */
async function insertProfiles(world: World, drawn: readonly RandomProfile[]): Promise<string[]> {
  const users = await world.query<{ id: string }>(
    "insert into users (name) select 'Ada' from generate_series(1, $1) returning id",
    [drawn.length],
  );
  const ids = users.map(({ id }) => id);
  const ofEach = <T extends object>(fields: (one: RandomProfile) => T) =>
    drawn.map((one, n) => ({ user_id: ids[n], ...fields(one) }));
  await insertAll(
    world,
    "profiles",
    ofEach(({ profile }) => profile),
  );
  await insertAll(
    world,
    "profile_preferences",
    ofEach(({ preferences }) => preferences),
  );
  await addInterests(
    world,
    drawn.flatMap(({ interests }, n) => interests.map((number) => ({ userId: ids[n]!, number }))),
  );
  await answerAll(
    world,
    drawn.map(({ traits }, n) => ({ userId: ids[n]!, values: traits })),
  );
  return ids;
}

/** Inserts rows that have the same columns. */
const insertAll = (world: World, table: string, rows: readonly object[]) => {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  return world.query(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows)],
  );
};

/** Random ratings, four for each user; the last one of a pair counts. */
async function insertRatings(world: World, ids: readonly string[], random: Random): Promise<void> {
  const ratings = new Map<string, object>();
  for (let n = 0; n < 4 * ids.length; n++) {
    const [rater_id, rated_id] = [random.pick(ids), random.pick(ids)];
    if (rater_id === rated_id) continue;
    const mark = () => random.between(0, 5);
    ratings.set(`${rater_id} ${rated_id}`, {
      rater_id,
      rated_id,
      attractive: mark(),
      smart: mark(),
      funny: mark(),
      interesting: mark(),
    });
  }
  await insertAll(world, "profile_ratings", [...ratings.values()]);
}

type Random = ReturnType<typeof seededRandom>;

type RandomProfile = Required<Omit<ProfileFields, "name">>;

function randomProfile(world: World, random: Random): RandomProfile {
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

const places = new PgDialect().sqlToQuery(ENTRIES).sql;

/** The lists of the version that is served: the places that are served of each. */
export const storedLists = (world: World): Promise<StoredList[]> =>
  world.query<StoredList>(
    `select s.user_id as user, s.tier, coalesce(array_agg(s.candidate_id::text order by s.rank) filter (where s.candidate_id is not null and s.rank <= s.served_length), '{}') as ids,
            coalesce(array_agg(s.score order by s.rank) filter (where s.candidate_id is not null and s.rank <= s.served_length), '{}')::float8[] as scores
     from (select l.user_id, l.tier, v.served_length, c.candidate_id, c.score,
                  row_number() over (partition by l.user_id, l.tier order by c.score desc nulls last, c.candidate_id) as rank
           from list_versions v join pair_lists l on l.version = v.id
           join pair_people o on o.version = v.id and o.user_id = l.user_id
           left join lateral ${places} c on true
           where v.area = 'pairs' and v.state = 'served') s
     group by s.user_id, s.tier order by s.user_id, s.tier`,
  );

/** The lists of everybody as the reference computes them from what the tables hold now. */
export async function expectedLists(world: World): Promise<StoredList[]> {
  const [version] = await world.query<{ id: string; as_of: Date; served_length: number }>(
    "select id, as_of, served_length from list_versions where area = 'pairs' and state = 'served'",
  );
  const everybody = { from: "0", to: "1000000000" };
  const read = await inTransaction(world.db, (tx) => readCurrentPeople(tx, version!.id, everybody));
  const blocks = new Map(JSON.parse(read.blocks) as [number, number[]][]);
  const prepared = (JSON.parse(read.people) as PersonRow[])
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
