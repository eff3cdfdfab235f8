import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../src/random.ts";
import { applicant, generate, jobsOf, posting } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = "2026-06-02T07:00:00Z";
const HOUR_MS = 3_600_000;
const SKILLS = ["python", "postgres", "docker", "redis", "kubernetes", "terraform"];

/** What is served of each list: ids and scores, in their order. */
const served = (world: World) =>
  world.query<{ user_id: string; ids: string[]; scores: number[] }>(
    `select user_id, posting_ids[:places] as ids, scores[:places] as scores
     from (select *, case when first_places < 20 then first_places else 50 end as places from recommendation_lists) l
     where cardinality(posting_ids) > 0 order by user_id`,
  );

/** Users whose facts have not changed for days, so that their lists are merged into. */
async function settle(world: World): Promise<void> {
  await world.query("alter table cvs disable trigger all; update cvs set updated_at = '2026-06-01'");
  await world.query(
    "alter table user_profiles disable trigger all; update user_profiles set updated_at = '2026-06-01'",
  );
}

/** Compares every list with a full computation for the same instant and weights, then restores the lists. */
async function expectFullLists(world: World): Promise<void> {
  const merged = await served(world);
  await world.query(
    "create table stored_lists as table recommendation_lists; delete from recommendation_lists",
  );
  const users = await world.query<{ user_id: string }>("select user_id from cvs where is_active");
  for (const { user_id } of users) await generate(world, { userId: user_id });
  expect(merged).toEqual(await served(world));
  await world.query(
    "delete from recommendation_lists; insert into recommendation_lists table stored_lists; drop table stored_lists",
  );
}

const pythonPosting = (world: World, fields: Record<string, unknown> = {}) =>
  posting(world, {
    title: "Python Developer",
    description: "Python, PostgreSQL, Docker and Redis",
    ...fields,
  });

describe("an incremental run", () => {
  it("gives the same lists as full runs, while postings come, go and change, entries are deleted and time passes", async () => {
    const world = await createWorld({ at: AT });
    const { next } = seededRandom(15);
    const below = (n: number) => Math.floor(next() * n);
    const some = () => SKILLS.filter(() => next() < 0.6);
    for (let n = 0; n < 4; n++)
      await applicant(
        world,
        SKILLS.slice(0, 3 + n),
        n % 2 ? { primary_job_title: "Python Developer", work_preference: "remote" } : {},
      );
    const add = async (count: number, maxAgeHours: number) => {
      for (let n = 0; n < count; n++)
        await pythonPosting(world, {
          title: ["Python Developer", "Data Engineer", "Nurse"][below(3)],
          company: `c${below(40)}`,
          description: some().join(", "),
          remote_type: next() < 0.3 ? "remote" : "onsite",
          scraped_at: new Date(world.clock.now().getTime() - below(maxAgeHours) * HOUR_MS),
          cluster: next() < 0.05 ? 1 + below(3) : null,
        });
    };
    await add(160, 160);
    await generate(world);
    await settle(world);
    let at = Date.parse(AT);
    for (const passedHours of [1, 5, 20, 24, 3]) {
      at += passedHours * HOUR_MS;
      world.at(new Date(at).toISOString());
      await add(1 + below(12), 1);
      await world.query(
        "update jobs set status = 'closed', closed_at = $1, updated_at = $1 where id % 17 = $2 and status = 'open'",
        [world.clock.now(), below(17)],
      );
      await world.query("update jobs set description = 'Docker', updated_at = $1 where id % 23 = $2", [
        world.clock.now(),
        below(23),
      ]);
      const [victim] = await world.query<{ user_id: string; ids: string[] }>(
        "select user_id, posting_ids as ids from recommendation_lists where cardinality(posting_ids) > 3 order by user_id offset $1 limit 1",
        [below(4)],
      );
      await world.query("delete from job_recommendations where user_id = $1 and job_id = $2", [
        victim!.user_id,
        victim!.ids[below(3)],
      ]);
      expect(await generate(world, { sinceHours: 26 })).toMatchObject({
        status: "done",
        counts: { failed: 0 },
      });
      await expectFullLists(world);
    }
    expect((await served(world)).length).toBe(4);
  });

  it("leaves a list as it is when nothing of it has changed, and stores it again after half a day", async () => {
    const world = await createWorld({ at: AT });
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, ["nursing"])];
    const stored = { scraped_at: "2026-06-02T04:00:00Z" };
    const job = await pythonPosting(world, stored);
    const nursing = await posting(world, { title: "Nurse", description: "Nursing", ...stored });
    await generate(world);
    await settle(world);
    const versions = () =>
      world.query("select user_id, xmin::text, as_of from recommendation_lists order by user_id");
    const before = await versions();
    world.at("2026-06-02T09:00:00Z");
    const second = await posting(world, { title: "Nurse", description: "Nursing", company: "Globex" });
    const run = await generate(world, { sinceHours: 24 });
    expect(run.counts).toMatchObject({ users: 1, kept: 1, recommendations: 2 });
    const after = await versions();
    expect(after[0]).toEqual(before[0]);
    expect(after[1]).not.toEqual(before[1]);
    expect([await jobsOf(world, ada), await jobsOf(world, bob)]).toEqual([[job], [nursing, second]]);
    // Runs that follow each other look back to lists that an earlier one has left.
    for (const at of ["11:00", "13:00", "15:00", "17:00", "19:00"]) {
      world.at(`2026-06-02T${at}:00Z`);
      expect((await generate(world, { sinceHours: 2 })).counts).toMatchObject({ users: 0, kept: 2 });
    }
    world.at("2026-06-02T20:00:00Z");
    expect((await generate(world, { sinceHours: 2 })).counts).toMatchObject({ users: 1, kept: 1 });
    expect((await versions())[0]).toMatchObject({ as_of: new Date("2026-06-02T20:00:00Z") });
    await expectFullLists(world);
  });

  it("recomputes the list of a user who changed", async () => {
    const world = await createWorld();
    const ada = await applicant(world, ["nursing"]);
    const job = await pythonPosting(world, {
      scraped_at: new Date(world.clock.now().getTime() - 3 * 24 * HOUR_MS),
    });
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([]);
    await world.query("update cvs set parsed_content = $1", [{ skills: SKILLS }]);
    await generate(world, { sinceHours: 1 });
    expect(await jobsOf(world, ada)).toEqual([job]);
  });
});
