import { expect, it } from "vitest";
import { roleNames } from "../../src/db/roles.ts";
import {
  COMPONENT_BYTES,
  type Components,
  readComponents,
  reasonsOf,
  writeComponents,
} from "../../src/scoring/postings/recommend/components.ts";
import { SKILLS, skillNamed } from "../../src/scoring/postings/skills/vocabulary.ts";
import { applicant, recommended, storeList } from "../support/recommendations.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

const list = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n + 1, score: 1 - n / 100 }));

async function withList(count: number): Promise<{ world: World; userId: string }> {
  const world = await createWorld({ at: "2026-06-02T07:00:00Z" });
  const userId = await applicant(world, []);
  await storeList(world, userId, list(count));
  return { world, userId };
}

it("shows a row for each of the first 50, best first, that expires after three days", async () => {
  const { world, userId } = await withList(80);
  const rows = await recommended(world, userId);
  expect(rows.map(({ job_id }) => Number(job_id))).toEqual(list(50).map(({ id }) => id));
  expect(rows[0]).toMatchObject({
    match_score: 1,
    created_at: new Date("2026-06-02T07:00:00Z"),
    expires_at: new Date("2026-06-05T07:00:00Z"),
  });
});

it("gives each user and posting the same id in every run", async () => {
  const { world, userId } = await withList(3);
  const ids = () => world.query<{ id: string }>("select id from job_recommendations order by job_id");
  const before = await ids();
  expect(new Set(before.map(({ id }) => id)).size).toBe(3);
  expect(before[0]!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await world.query("delete from recommendation_lists");
  await storeList(world, userId, list(3));
  expect(await ids()).toEqual(before);
});

it("runs the statements of the monitoring page", async () => {
  const { world } = await withList(80);
  expect(
    await world.query(
      "select user_id, count(*)::int as recommendations from job_recommendations where expires_at > '2026-06-02T08:00Z' group by user_id",
    ),
  ).toMatchObject([{ recommendations: 50 }]);
  const [average] = await world.query<{ avg_score: number }>(
    "select avg(match_score) as avg_score from job_recommendations",
  );
  expect(average!.avg_score).toBeCloseTo(0.755, 9);
});

it("deletes entries one by one, and the rest moves up", async () => {
  const world = await createWorld();
  const userId = await applicant(world, []);
  await storeList(world, userId, list(60));
  await world.query("delete from job_recommendations where job_id in (1, 3)");
  const rows = await recommended(world, userId);
  expect(rows.slice(0, 3).map(({ job_id }) => Number(job_id))).toEqual([2, 4, 5]);
  expect(rows).toHaveLength(50);
  expect(
    await world.query("select cardinality(posting_ids) as n, first_places from recommendation_lists"),
  ).toEqual([{ n: 58, first_places: 20 }]);
});

it("deletes all that has expired, the rest of the list as well", async () => {
  const { world, userId } = await withList(80);
  await world.query("update recommendation_lists set created_at = array_fill(1, array[80])");
  await world.query("delete from job_recommendations where expires_at < now()");
  expect(await recommended(world, userId)).toEqual([]);
  expect(await world.query("select 1 from recommendation_lists")).toEqual([]);
});

it("builds the same reasons in SQL as in code", async () => {
  const { world, userId } = await withList(3);
  const skills = ["Python", "SQL", "Docker"].map((name) => SKILLS[skillNamed(name)]!);
  const base: Components = {
    skillKeys: skills.map(({ key }) => key),
    matchedCount: 4,
    skills: 0.5,
    title: 0.75,
    remote: true,
    seniority: true,
    freshness: 0,
    belowSalary: false,
    missesStack: true,
    dismissedCompany: 2,
    dismissedWords: 5,
    seenDays: 3,
    semantic: 0.25,
    interest: 1,
  };
  const cases: Components[] = [
    base,
    { ...base, skillKeys: [], title: 0.4, remote: false, seniority: false, freshness: 2, semantic: null },
    { ...base, skillKeys: base.skillKeys.slice(0, 1), freshness: 1, missesStack: false, belowSalary: true },
  ];
  const bytes = new Uint8Array(COMPONENT_BYTES * cases.length);
  const view = new DataView(bytes.buffer);
  for (const [n, each] of cases.entries()) {
    writeComponents(view, n, each, { count: each.matchedCount, keys: each.skillKeys });
  }
  expect(cases.map((_, n) => readComponents(bytes, n))).toEqual(cases);
  await world.query("insert into skill_names select * from unnest($1::int[], $2::text[])", [
    skills.map(({ key }) => key),
    skills.map(({ name }) => name),
  ]);
  await world.query("update recommendation_lists set components = $1", [Buffer.from(bytes)]);
  const nameOf = (key: number) => skills.find((skill) => skill.key === key)?.name;
  const rows = await recommended(world, userId);
  expect(rows.map(({ match_reason }) => match_reason)).toEqual(
    cases.map((each) => reasonsOf(each, nameOf).join("; ")),
  );
  expect(rows[0]!.match_reason).toBe(
    "Matches your skills: Python, SQL, Docker; Fits the title you look for; Remote; Fits your level; Posted in the last 48 hours",
  );
  const [stored] = await world.query("select components from job_recommendations where job_id = 2");
  expect(stored).toMatchObject({
    components: { semantic: null, interest: 1, matched_count: 4, freshness_step: 2 },
  });
});

it("shows users of the host only their own rows, and none without the setting", async () => {
  const database = await scratchDatabase();
  const { app } = await deployWithRoles(database);
  const world = await createWorld({ database: app });
  const [first, second] = [await applicant(world, ["SQL"]), await applicant(world, ["SQL"])];
  for (const userId of [first, second]) await storeList(world, userId, list(2));
  expect(await world.query("select count(*)::int as n from job_recommendations")).toEqual([{ n: 4 }]);
  const { host } = roleNames(app.databaseSchema);
  const tables = ["cvs", "user_profiles", "job_applications", "recommendation_views", "recommendation_lists"];
  await database.query(`set search_path = ${app.databaseSchema}`);
  await database.query(`grant usage on schema ${app.databaseSchema} to ${host}`);
  await database.query(`grant select, update on ${tables.join(", ")} to ${host}`);
  await database.query(`set role ${host}`);
  const seen = async (table: string) =>
    (await database.query<{ user_id: string }>(`select user_id from ${table}`)).map(({ user_id }) => user_id);
  for (const table of tables) expect(await seen(table)).toEqual([]);
  await database.query(`set app.user_id = '${second}'`);
  expect(await seen("cvs")).toEqual([second]);
  expect(await seen("recommendation_lists")).toEqual([second]);
  await database.query("update cvs set raw_text = 'mine'");
  await database.query("set app.user_id = ''");
  expect(await seen("cvs")).toEqual([]);
  await database.query("reset role");
  expect(await world.query("select user_id, raw_text from cvs order by user_id")).toEqual([
    { user_id: first, raw_text: null },
    { user_id: second, raw_text: "mine" },
  ]);
});
