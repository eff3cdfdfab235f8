import { describe, expect, it } from "vitest";
import { explain } from "../../../src/explain/index.ts";
import { cleanupRecommendations } from "../../../src/workers/recommendations/cleanup-recommendations.ts";
import { generateRecommendations } from "../../../src/workers/recommendations/generate-recommendations.ts";
import { failWith, fakeEmbeddings } from "../../support/embeddings.ts";
import { applicant, generate, posting } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = "2026-06-02T07:00:00Z";
const SKILLS = ["python", "postgres", "docker", "redis"];

async function scene(environment: Record<string, string> = {}) {
  const endpoint = await fakeEmbeddings();
  const world = await createWorld({ at: AT, environment: { ...endpoint.environment, ...environment } });
  return { endpoint, world };
}

const python = (world: World, fields: Record<string, unknown> = {}) =>
  posting(world, { title: "Python Developer", description: "Python and Docker", ...fields });

/** The model of each list; empty for one without embeddings. */
const models = async (world: World) =>
  (
    await world.query<{ version: string }>(
      "select algo_version as version from recommendation_lists order by user_id",
    )
  ).map(({ version }) => version.split(".").slice(3).join("."));

const explained = (world: World, userId: string, job: string) =>
  explain(world.db.drizzle, "recommendation", `${userId}:${job}`);

/** Makes what is stored of users look unchanged since before the first run. */
async function ageUsers(world: World) {
  for (const table of ["cvs", "user_profiles"])
    await world.query(
      `alter table ${table} disable trigger all; update ${table} set updated_at = '2026-06-01'`,
    );
}

describe("recommendations with embeddings", () => {
  it("score by the cosine of the texts that were sent, and send each text once", async () => {
    const { endpoint, world } = await scene();
    const ada = await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    const job = await python(world);
    // Says the same with other words: found without a skill or a role word in common.
    await posting(world, { title: "Python Coder", description: "Docker" });
    const run = await generate(world);
    expect(run).toMatchObject({
      status: "done",
      counts: { users: 1, semantic: 1, embedded: 3, notEmbedded: 0 },
    });
    expect(await models(world)).toEqual(["words.1"]);
    expect([...endpoint.sent()].sort()).toEqual([
      "python coder\nPython, Docker\nDocker",
      "python developer\nDocker, PostgreSQL, Python, Redis",
      "python developer\nPython, Docker\nPython and Docker",
    ]);
    const found = await explained(world, ada, job);
    expect(found?.faults).toEqual([]);
    const text = found?.steps.map(({ what, how }) => `${what}: ${how}`).join("\n");
    expect(text).toMatch(/semantic: 0\.9\d*: cosine/);
    expect(text).toMatch(
      /score: 0\.4 x 0\.9\d* \+ 0\.25 x 1 \+ 0\.2 x 0\.\d+ \+ 0\.1 x 1 \+ 0\.05 x 0, times/,
    );
    await generate(world);
    expect(endpoint.sent().length).toBe(3);
    // The stored cosine is rounded; it is enough to explain the list when the vectors are gone.
    await world.query("delete from user_vectors");
    expect((await explained(world, ada, job))?.faults).toEqual([]);
  });

  it.each<[string, (input: readonly string[]) => unknown]>([
    ["answers with too few vectors", () => ({ data: [] })],
    ["answers with another dimension", () => ({ data: [{ index: 0, embedding: [1, 2, 3] }] })],
    ["answers with NaN", () => ({ data: [{ index: 0, embedding: [null] }] })],
    ["fails", () => null],
  ])("score every list without them when the endpoint %s in the middle", async (_what, broken) => {
    const { endpoint, world } = await scene({ EMBEDDINGS_PER_REQUEST: "1" });
    const { answer } = endpoint;
    endpoint.answer = (body, response) => {
      if (endpoint.requests.length < 3) return answer(body, response);
      const document = broken(body.input);
      if (document === null) response.writeHead(400).end();
      return document;
    };
    const ada = await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    const jobs = [];
    for (let n = 0; n < 4; n++)
      jobs.push(await python(world, { company: `c${n}`, description: `Python ${"and ".repeat(n)}Docker` }));
    const run = await generate(world);
    expect(run).toMatchObject({
      status: "done",
      counts: { users: 1, semantic: 0, recommendations: 4, failed: 0 },
    });
    expect((run.counts as { notEmbedded: number }).notEmbedded).toBeGreaterThan(0);
    expect(await models(world)).toEqual([""]);
    for (const job of jobs) expect((await explained(world, ada, job))?.faults).toEqual([]);
    // What was received stays, so the next run sends the rest alone.
    const [{ n } = { n: 0 }] = await world.query<{ n: number }>(
      "select count(*)::int as n from posting_vectors",
    );
    expect(n).toBe(2);
    endpoint.answer = answer;
    expect((await generate(world)).counts).toMatchObject({ semantic: 1, embedded: 3, notEmbedded: 0 });
    expect(await models(world)).toEqual(["words.1"]);
  });

  it("report a budget that is used up", async () => {
    const { world } = await scene({ EMBEDDINGS_PER_DAY: "1", EMBEDDINGS_PER_REQUEST: "1" });
    await applicant(world, SKILLS);
    await python(world);
    expect((await generate(world)).counts).toMatchObject({
      semantic: 0,
      users: 1,
      embedded: 1,
      notEmbedded: 1,
    });
    expect(await world.metrics.embeddings.get()).toMatchObject({
      values: expect.arrayContaining([
        expect.objectContaining({
          labels: { type: expect.any(String), outcome: "texts-per-day-used" },
          value: 1,
        }),
      ]),
    });
  });

  it("send nothing of users who opted out, and delete their vectors", async () => {
    const { endpoint, world } = await scene();
    const ada = await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    const bob = await applicant(world, ["nursing"], {
      primary_job_title: "Nurse",
      embeddings_allowed: false,
    });
    await python(world);
    await posting(world, { title: "Nurse", description: "Nursing" });
    expect((await generate(world)).counts).toMatchObject({ users: 2, semantic: 1 });
    expect(await models(world)).toEqual(["words.1", ""]);
    expect(endpoint.sent().filter((text) => /nurse\nNursing$/.test(text)).length).toBe(0);
    await world.query("update user_profiles set embeddings_allowed = false where user_id = $1", [ada]);
    await world.perform(cleanupRecommendations, {});
    expect(await world.query("select 1 from user_vectors")).toEqual([]);
    await generate(world);
    expect(await models(world)).toEqual(["", ""]);
    expect(bob).not.toBe(ada);
  });

  it("forget vectors after 30 days", async () => {
    const { world } = await scene();
    await applicant(world, SKILLS);
    await python(world);
    await generate(world);
    world.at("2026-07-02T06:59:59Z");
    await world.perform(cleanupRecommendations, {});
    expect(await world.query("select 1 from posting_vectors")).toHaveLength(1);
    world.at("2026-07-02T07:00:01Z");
    await world.perform(cleanupRecommendations, {});
    expect(await world.query("select 1 from posting_vectors")).toEqual([]);
  });

  it("preview: a dry run sends nothing", async () => {
    const { endpoint, world } = await scene();
    await applicant(world, SKILLS);
    await python(world);
    await world.dryRun(generateRecommendations, {});
    expect(endpoint.requests).toEqual([]);
  });
});

describe("an incremental run with embeddings", () => {
  const lists = (world: World) =>
    world.query(
      "select user_id, posting_ids[:50] as ids, scores[:50] as scores, algo_version from recommendation_lists order by user_id",
    );

  it("gives the same lists as a full run; a list of the other formula is recomputed", async () => {
    const { endpoint, world } = await scene();
    for (let n = 0; n < 4; n++)
      await applicant(
        world,
        SKILLS.slice(0, 4 - (n % 2)),
        n % 2 ? { primary_job_title: "Python Developer" } : {},
      );
    for (let n = 0; n < 90; n++)
      await python(world, {
        company: `c${n % 9}`,
        description: SKILLS.slice(n % 4).join(", "),
        scraped_at: new Date(Date.parse(AT) - n * 3_600_000),
      });
    await ageUsers(world);
    await generate(world);
    world.at("2026-06-03T07:00:00Z");
    for (let n = 0; n < 9; n++)
      await python(world, { company: `d${n}`, description: `Docker ${"and ".repeat(n)}data` });
    await generate(world, { sinceHours: 24 });
    const merged = await lists(world);
    expect(new Set(await models(world))).toEqual(new Set(["words.1"]));
    await world.query("delete from recommendation_lists");
    for (const { user_id } of merged) await generate(world, { userId: String(user_id) });
    expect(await lists(world)).toEqual(merged);
    // The endpoint fails for a new posting: no list keeps scores with embeddings.
    endpoint.answer = (_body, response) => failWith(response, 400);
    await python(world, { description: "Redis" });
    expect((await generate(world, { sinceHours: 24 })).counts).toMatchObject({ users: 4, semantic: 0 });
    expect(new Set(await models(world))).toEqual(new Set([""]));
  });
});
