import { describe, expect, it } from "vitest";
import { readUser, USER_LIMITS } from "../../../src/scoring/postings/recommend/read-facts.ts";
import { generateRecommendations } from "../../../src/workers/recommendations/generate-recommendations.ts";
import { applicant, generate, posting, recommended } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = "2026-06-02T07:00:00Z";
const SKILLS = ["python", "postgres", "docker", "redis"];

const python = (world: World, fields: Record<string, unknown> = {}) =>
  posting(world, { title: "Python Developer", description: "Python, PostgreSQL, Docker", ...fields });

describe("hostile input of recommendations", () => {
  it("a posting whose host dated it infinity, or before Christ, fails nobody's run", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS);
    const job = await python(world);
    for (const at of ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC"])
      await python(world, { company: `Dated ${at}`, posted_date: at, description: "" });
    expect(await generate(world)).toMatchObject({ status: "done", counts: { users: 1, failed: 0 } });
    expect((await recommended(world, ada)).map(({ job_id }) => job_id)).toContain(job);
  });

  it("a CV of 5 MB with 10,000 skills is read up to a limit, and the others are served", async () => {
    const world = await createWorld({ at: AT });
    const bob = await applicant(world, SKILLS);
    const names = Array.from(
      { length: 10_000 },
      (_, n) => `${n % 20 === 0 ? "python" : `skill ${n} `}${"x".repeat(n % 20 === 0 ? 0 : 250)}`,
    );
    const ada = await applicant(world, ["python", ...names], { primary_job_title: "Python Developer" });
    await world.query("update cvs set raw_text = $2 where user_id = $1", [
      ada,
      "python and docker. ".repeat(280_000),
    ]);
    const job = await python(world);
    expect(await generate(world)).toMatchObject({ status: "done", counts: { users: 2, failed: 0 } });
    for (const user of [ada, bob])
      expect((await recommended(world, user)).map(({ job_id }) => job_id)).toEqual([job]);
    const row = {
      id: 1,
      rawText: "python ".repeat(700_000),
      profile: null,
      hidden: [],
      dismissals: [],
      liked: [],
      seen: [],
    };
    const nested = { skills: Array.from({ length: 100 }, () => names) };
    expect(readUser({ ...row, parsedContent: nested }).skills.length).toBeLessThanOrEqual(USER_LIMITS.skills);
    expect(readUser({ ...row, parsedContent: null }).skills).toHaveLength(1);
  });

  it("a company with 5,000 postings has three of the first twenty entries", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    await world.query(
      `insert into jobs (title, company, description, scraped_at, updated_at)
       select 'Python Developer', 'Spam Inc.', 'Python, PostgreSQL, Docker, Redis', $1, $1 from generate_series(1, 5000)`,
      [AT],
    );
    const others: string[] = [];
    for (let n = 0; n < 17; n++)
      others.push(await python(world, { company: `c${n}`, description: "Docker" }));
    expect((await generate(world)).counts).toMatchObject({ recommendations: 50 });
    const first = (await recommended(world, ada)).slice(0, 20).map(({ job_id }) => job_id);
    expect(first.filter((id) => !others.includes(id))).toHaveLength(3);
    expect(first.filter((id) => others.includes(id))).toHaveLength(17);
  });

  it("a run that a process of another vocabulary began is finished by this one, with weights of its own", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS);
    const job = await python(world);
    await generate(world);
    await world.query("delete from recommendation_lists");
    await world.perform(generateRecommendations, { userId: ada });
    // The other process has cut the run, and the weights that it found are those of its vocabulary.
    await world.query("update skill_rarities set vocabulary = 'ffffffff'");
    await world.drain();
    expect(await world.enqueued()).toEqual([]);
    expect((await recommended(world, ada)).map(({ job_id }) => job_id)).toEqual([job]);
    // What was stored is of this vocabulary: the next run merges into it.
    const [list] = await world.query<{ version: string }>(
      "select algo_version as version from recommendation_lists",
    );
    const [rarity] = await world.query<{ id: string }>(
      "select id from skill_rarities where vocabulary <> 'ffffffff'",
    );
    expect(list?.version.split(".")[2]).toBe(rarity?.id);
  });

  it("lists of another version beside this one, of another vocabulary or formula, are never merged into", async () => {
    const world = await createWorld({ at: AT });
    const users = [
      await applicant(world, SKILLS),
      await applicant(world, SKILLS),
      await applicant(world, SKILLS),
    ];
    for (let n = 0; n < 60; n++)
      await python(world, { company: `c${n}`, scraped_at: "2026-05-30T07:00:00Z" });
    await world.query("alter table cvs disable trigger all; update cvs set updated_at = '2026-06-01'");
    await generate(world);
    const lists = () =>
      world.query(
        "select user_id, posting_ids[:50] as ids, scores[:50] as scores, algo_version from recommendation_lists order by user_id",
      );
    const [own] = await lists();
    const [formula, vocabulary, rarity] = String(own!["algo_version"]).split(".");
    // What the other version has stored scores by something else.
    const foreign = [
      `9.${vocabulary}.${rarity}`,
      `${formula}.ffffffff.${rarity}`,
      `${formula}.${vocabulary}.${rarity}.other-model`,
    ];
    for (const [index, version] of foreign.entries())
      await world.query(
        "update recommendation_lists set algo_version = $2, scores = array_fill(0.99::float8, array[cardinality(scores)]) where user_id = $1",
        [users[index], version],
      );
    world.at("2026-06-02T08:00:00Z");
    await python(world);
    expect((await generate(world, { sinceHours: 2 })).counts).toMatchObject({ users: 3, failed: 0 });
    const merged = await lists();
    expect(merged.flatMap(({ scores }) => scores as number[])).not.toContain(0.99);
    await world.query("delete from recommendation_lists");
    for (const userId of users) await generate(world, { userId });
    expect(await lists()).toEqual(merged);
  });
});
