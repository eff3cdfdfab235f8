import { describe, expect, it } from "vitest";
import { explain } from "../../src/explain/index.ts";
import { generateRecommendations } from "../../src/workers/recommendations/generate-recommendations.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { applicant, posting } from "../support/recommendations.ts";
import { createWorld, type World } from "../support/world.ts";

const AT = "2026-06-02T07:00:00Z";
const SKILLS = ["python", "postgres", "docker", "redis"];

async function run(world: World) {
  await enqueueRunIn(world, generateRecommendations, {});
  await world.drain();
}

async function explained(world: World, userId: string, postingId: string) {
  const found = await explain(world.db.drizzle, "recommendation", `${userId}:${postingId}`);
  return { ...found, text: found?.steps.map(({ what, how }) => `${what}: ${how}`).join("\n") ?? "" };
}

const python = (world: World, fields: Record<string, unknown> = {}) =>
  posting(world, { title: "Python Developer", description: "Python, PostgreSQL, Docker", ...fields });

describe("explain recommendation", () => {
  it("shows each share and factor, the score, and the rank on the list", async () => {
    const world = await createWorld();
    const ada = await applicant(world, SKILLS, {
      primary_job_title: "Senior Python Developer",
      work_preference: "remote",
    });
    const job = await python(world, {
      remote_type: "remote",
      posted_date: new Date(Date.now() - 3 * 86_400_000),
    });
    await run(world);
    const [{ public_id: publicId } = { public_id: "" }] = await world.query<{ public_id: string }>(
      "select public_id from jobs where id = $1",
      [job],
    );
    const { text, agrees, ownerUserId, title } = await explained(world, ada, publicId);
    expect({ agrees, ownerUserId }).toEqual({ agrees: true, ownerUserId: ada });
    expect(title).toBe(`Posting ${publicId}, Python Developer at Acme, for user ${ada}`);
    expect(text).toMatch(/matched: .*Python \d+.*: weights by rarity, together \d+/);
    expect(text).toMatch(
      /skills: \d+ \/ \(\d+ \+ 0\.5 x 0 missing \+ 0\.2 x \d+ others of the user \+ 20\) = 0\.\d+/,
    );
    expect(text).toContain("title: 1 of the role words of the best of: python developer");
    expect(text).toContain("remote: wanted and offered");
    expect(text).toContain("factor: up to 7 days old: x 0.95");
    expect(text).toMatch(
      /score: \(0\.6 x 0\.\d+ \+ 0\.3 x 1 \+ 0\.05\), times the factors = 0\.\d+, shown as \d+\.\d %/,
    );
    expect(text).toContain("list: rank 1 of 1");
    expect((await explained(world, ada, job)).title).toBe(title);
  });

  it("says why a posting is not recommended", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS, {
      excluded_keywords: ["gambling"],
      blacklisted_companies: ["Globex Inc."],
      job_freshness_days: 5,
    });
    const nobody = await applicant(world, []);
    await world.query("update cvs set is_active = false where user_id = $1", [nobody]);
    const good = await python(world);
    const cases: [Record<string, unknown>, string][] = [
      [{ description: "Python for gambling" }, "excluded: it contains a keyword that the user excludes"],
      [{ company: "Globex" }, "excluded: the user blacklisted its company"],
      [{ posted_date: "2026-05-20T00:00:00Z" }, "excluded: it is older than the user wants postings to be"],
      [{ scraped_at: "2026-05-20T00:00:00Z" }, "excluded: it was first stored more than seven days before"],
      [{ status: "closed", closed_at: AT }, "posting: closed: only open postings are recommended"],
      [{ title: "Welder", description: "Welding" }, "not on it: it scores less than 0.2"],
    ];
    const ids: string[] = [];
    for (const [fields] of cases) ids.push(await python(world, fields));
    await run(world);
    for (const [index, [, why]] of cases.entries()) {
      const { text, agrees } = await explained(world, ada, ids[index]!);
      expect(text).toContain(why);
      expect(text).toContain("list: not on it:");
      expect(agrees).toBe(true);
    }
    const without = await explained(world, nobody, good);
    expect(without.text).toContain("user: no recommendations: they have no active CV");
    expect(without.text).toContain("list: none");
  });

  it("reports a stored score that no longer follows from the facts, and a list of another version", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS);
    const job = await python(world);
    await run(world);
    await world.query("update cvs set parsed_content = $1", [{ skills: ["python"] }]);
    expect((await explained(world, ada, job)).faults).toEqual([
      expect.stringMatching(
        /^score: 0\.\d+ is stored, 0\.\d+ comes out; the next run of generate-recommendations will update it$/,
      ),
    ]);
    await world.query("update recommendation_lists set algo_version = '0.old.1'");
    expect((await explained(world, ada, job)).faults?.[0]).toContain(
      "version: the list is of version 0.old.1",
    );
  });

  it("is undefined for pairs that do not exist", async () => {
    const world = await createWorld({ at: AT });
    const ada = await applicant(world, SKILLS);
    for (const id of ["1:1", "1", "x:y", `${ada}:`, `${ada}:999`, `${ada}:1:1`])
      expect(await explain(world.db.drizzle, "recommendation", id)).toBeUndefined();
  });
});
