import { describe, expect, it } from "vitest";
import { settingsFrom } from "../../../src/config/settings.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { readPostings } from "../../../src/postings/recommend/read-postings.ts";
import { readUsers } from "../../../src/postings/recommend/read-users.ts";
import {
  indexPostings,
  recommendToUsers,
  weighSkills,
} from "../../../src/postings/recommend/recommend.task.ts";
import { storeRange } from "../../../src/postings/recommend/recommend-range.ts";
import { replaceLists, swapLists } from "../../../src/postings/recommend/swap-lists.ts";
import { openDueSlots } from "../../../src/schedules/due-slots.ts";
import { timetable } from "../../../src/schedules/timetable.ts";
import { generateRecommendations } from "../../../src/workers/recommendations/generate-recommendations.ts";
import {
  applicant,
  generate,
  jobsOf,
  posting,
  recommended,
  storeList,
} from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = "2026-06-02T07:00:00Z";
const open = () => createWorld({ at: AT });

const pythonPosting = (world: World, fields: Record<string, unknown> = {}) =>
  posting(world, {
    title: "Python Developer",
    description: "Python, PostgreSQL, Docker and Redis",
    ...fields,
  });

const SKILLS = ["python", "postgres", "docker", "redis"];

describe("generate-recommendations", () => {
  it("stores the matching postings of each user with an active CV, with reasons, for three days", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS, {
      primary_job_title: "Python Developer",
      work_preference: "remote",
    });
    const bob = await applicant(world, ["nursing"]);
    const fits = await pythonPosting(world, { remote_type: "remote" });
    await posting(world, { title: "Welder", description: "Welding" });
    const run = await generate(world);
    expect(run).toMatchObject({ status: "done", counts: { users: 2, recommendations: 1, failed: 0 } });
    expect(await recommended(world, ada)).toEqual([
      {
        job_id: fits,
        match_score: expect.closeTo(0.6 * (80 / 100) + 0.35, 9),
        match_reason:
          "Matches your skills: Docker, PostgreSQL, Python; Fits the title you look for; Remote; Posted in the last 48 hours",
        created_at: new Date(AT),
        expires_at: new Date("2026-06-05T07:00:00Z"),
      },
    ]);
    expect(await recommended(world, bob)).toEqual([]);
  });

  it("serves one user, and runs again for nobody else", async () => {
    const world = await open();
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, SKILLS)];
    const job = await pythonPosting(world);
    expect((await generate(world, { userId: ada })).counts).toMatchObject({ users: 1, recommendations: 1 });
    expect([await jobsOf(world, ada), await jobsOf(world, bob)]).toEqual([[job], []]);
  });

  it("reads the text of a CV of a user who states no skill, or none that is known", async () => {
    const world = await open();
    const people = [await applicant(world, []), await applicant(world, ["juggling of swords"])];
    const stated = await applicant(world, ["nursing"]);
    await world.query("update cvs set raw_text = 'Python, PostgreSQL, Docker and Redis for ten years'");
    const job = await pythonPosting(world);
    expect((await generate(world)).counts).toMatchObject({ users: 3, recommendations: 2, failed: 0 });
    for (const user of people) expect(await jobsOf(world, user)).toEqual([job]);
    expect(await jobsOf(world, stated)).toEqual([]);
    world.at("2026-06-03T07:00:00Z");
    const another = await pythonPosting(world, { company: "Globex" });
    expect((await generate(world, { sinceHours: 24 })).counts).toMatchObject({ users: 3, failed: 0 });
    for (const user of people) expect(await jobsOf(world, user)).toEqual([job, another]);
  });

  // Named regression 3.
  it("an empty run deletes no good rows", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    const job = await pythonPosting(world);
    await generate(world);
    world.at("2026-06-03T07:00:00Z");
    await world.query("update jobs set status = 'closed', closed_at = now()");
    expect(await generate(world)).toMatchObject({ status: "skipped" });
    expect(await jobsOf(world, ada)).toEqual([job]);
    // Other postings, none of which fits: what was found before stays until it expires.
    await world.query("update cvs set updated_at = '2026-06-01'");
    await world.query("alter table cvs disable trigger all");
    await world.query("update cvs set updated_at = '2026-06-01'");
    await posting(world, { title: "Welder", description: "Welding" });
    expect((await generate(world)).counts).toMatchObject({ kept: 1 });
    expect(await jobsOf(world, ada)).toEqual([job]);
  });

  // Named regression 1.
  it("a swallowed matcher error is no success: that user is counted as failed, and does not stop the others", async () => {
    const world = await open();
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, SKILLS)];
    const job = await pythonPosting(world);
    await generate(world);
    await world.query("delete from recommendation_lists");
    const users = JSON.parse(
      await inTransaction(world.db, (tx) =>
        readUsers(tx, { ids: [ada, bob] }, { asOf: new Date(AT), texts: false }),
      ),
    ) as object[];
    const pieces = await inTransaction(world.db, (tx) =>
      readPostings(tx, { asOf: new Date(AT), changedSince: null }, { from: "0", to: "999" }),
    );
    const index = indexPostings([pieces]);
    const result = recommendToUsers({
      key: "test",
      index,
      rarity: weighSkills(index),
      users: JSON.stringify([{ ...users[0], dismissals: null }, users[1]]),
      asOf: Date.parse(AT),
      vectors: null,
    });
    const rarity = { id: "1", weights: weighSkills(index) };
    const counts = await inTransaction(world.db, (tx) =>
      storeRange(
        {
          tx,
          now: new Date(AT),
          log: world.log,
          measure: () => undefined,
          settings: settingsFrom(world.config),
        },
        { users: { ids: [ada, bob] }, since: null },
        { lists: { computed: [result], merged: [] }, rarity },
      ),
    );
    expect(counts).toMatchObject({ users: 1, failed: 1, recommendations: 1 });
    expect([await jobsOf(world, ada), await jobsOf(world, bob)]).toEqual([[], [job]]);
  });

  // Named regression 2.
  it("scores of 0 to 100 never reach the column of 0 to 1", async () => {
    const world = await open();
    await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    for (let n = 0; n < 5; n++) await pythonPosting(world, { company: `c${n}` });
    await generate(world);
    expect(
      await world.query("select 1 from job_recommendations where match_score not between 0.2 and 1"),
    ).toEqual([]);
    expect(await world.query("select count(*)::int as n from job_recommendations")).toEqual([{ n: 5 }]);
  });

  // Named regression 5.
  it("naive and aware times are never mixed: instants are compared, whatever the time zone of the database", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    await world.query(
      `alter database ${(await world.query<{ n: string }>("select current_database() as n"))[0]!.n} set timezone = 'Pacific/Kiritimati'`,
    );
    const inside = await pythonPosting(world, { scraped_at: "2026-05-26T07:00:00Z", company: "in" });
    await pythonPosting(world, { scraped_at: "2026-05-26T06:59:59Z", company: "out" });
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([inside]);
  });

  // Named regression 8.
  it("no partial index with now(): the postings in the window are found at the time of each run", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    const old = await pythonPosting(world, { scraped_at: "2026-05-27T00:00:00Z", company: "old" });
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([old]);
    world.at("2026-06-03T07:00:00Z");
    const fresh = await pythonPosting(world, { company: "new" });
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([fresh]);
    const indexes = await world.query(
      "select 1 from pg_indexes where schemaname = current_schema() and indexdef ~ 'now\\(\\)'",
    );
    expect(indexes).toEqual([]);
  });

  // Named regression 9.
  it("leaves out blacklisted companies, excluded keywords, and postings that the user applied for or dismissed", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS, {
      blacklisted_companies: ["Globex Inc"],
      excluded_keywords: ["night shift"],
    });
    await pythonPosting(world, { company: "Globex" });
    await pythonPosting(world, { description: "Python, PostgreSQL, Docker, Redis. Night shift." });
    const [applied, dismissed] = [await pythonPosting(world), await pythonPosting(world)];
    await world.query(
      "insert into job_applications (user_id, job_id, status) values ($1, $2, 'applied'), ($1, $3, 'dismissed')",
      [ada, applied, dismissed],
    );
    const saved = await pythonPosting(world);
    await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, 'saved')", [
      ada,
      saved,
    ]);
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([saved]);
  });

  it("a copy of a posting that the user applied for or dismissed is not recommended, whichever copy is shown", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    const bob = await applicant(world, SKILLS);
    const [applied, dismissed] = [await pythonPosting(world), await pythonPosting(world)];
    await world.query(
      "insert into job_applications (user_id, job_id, status) values ($1, $2, 'applied'), ($1, $3, 'dismissed')",
      [ada, applied, dismissed],
    );
    // The boards of the employers list both a day later, and these copies are shown.
    world.at("2026-06-03T07:00:00Z");
    const copies = [];
    for (const original of [applied, dismissed]) {
      await world.query("update jobs set cluster = id, is_preferred = false where id = $1", [original]);
      copies.push(await pythonPosting(world, { cluster: original, company: "Acme Inc" }));
    }
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual([]);
    expect(await jobsOf(world, bob)).toEqual(copies);
    // Nor is a third copy, by a run that merges it into lists of users who have not changed.
    for (const table of ["cvs", "job_applications"])
      await world.query(
        `alter table ${table} disable trigger all; update ${table} set updated_at = '2026-06-01'`,
      );
    world.at("2026-06-03T09:00:00Z");
    await world.query("update jobs set is_preferred = false where cluster = $1", [applied]);
    const third = await pythonPosting(world, { cluster: applied, company: "Acme Inc" });
    expect((await generate(world, { sinceHours: 24 })).counts).toMatchObject({ failed: 0 });
    expect(await jobsOf(world, ada)).toEqual([]);
    expect(await jobsOf(world, bob)).toEqual([copies[1], third]);
  });

  // Named regression 12.
  it("two schedulers run the job once", async () => {
    const world = await createWorld({ at: "2026-06-02T06:59:00Z" });
    const schedule = timetable.filter(({ job }) => job === generateRecommendations);
    const openSlots = () =>
      inTransaction(world.db, (tx) => openDueSlots(tx, schedule, world.clock.now(), () => undefined));
    await openSlots();
    world.at("2026-06-02T07:00:01Z");
    const opened = await Promise.all([openSlots(), openSlots()]);
    expect(opened.flat()).toHaveLength(1);
    expect(await world.query("select slot from job_runs where job = 'generate-recommendations'")).toEqual([
      { slot: new Date(AT) },
    ]);
  });

  it("deletes the list of a user who removed the CV", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    await pythonPosting(world);
    await generate(world);
    await world.query("update cvs set is_active = false");
    expect((await generate(world)).counts).toMatchObject({ deleted: 1 });
    expect(await jobsOf(world, ada)).toEqual([]);
  });

  it("never replaces a list by one of an earlier instant", async () => {
    const world = await open();
    const ada = await applicant(world, SKILLS);
    await storeList(world, ada, [{ id: 7, score: 0.9 }], new Date("2026-06-03T07:00:00Z"));
    await pythonPosting(world);
    await generate(world);
    expect(await jobsOf(world, ada)).toEqual(["7"]);
  });

  it("stores nothing for no lists", async () => {
    const world = await open();
    const empty = {
      userIds: new Float64Array(),
      sizes: new Int32Array(),
      firstSizes: new Int32Array(),
      floorScores: new Float64Array(),
      floorIds: new Float64Array(),
      postingIds: new Float64Array(),
      scores: new Float64Array(),
      components: new Uint8Array(),
      facts: { bytes: new Uint8Array(), sizes: new Int32Array() },
    };
    const version = { asOf: new Date(AT), algoVersion: "1" };
    await inTransaction(world.db, (tx) => swapLists(tx, empty, version));
    await inTransaction(world.db, (tx) => replaceLists(tx, empty, version));
    expect(await world.query("select 1 from recommendation_lists")).toEqual([]);
  });
});
