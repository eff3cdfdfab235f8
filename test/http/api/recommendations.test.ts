import { describe, expect, it } from "vitest";
import { readServedList } from "../../../src/postings/served-lists.ts";
import { listRuns } from "../../../src/queues/runs.ts";
import { generateRecommendations } from "../../../src/workers/recommendations/generate-recommendations.ts";
import { countQueries } from "../../support/count-queries.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
import {
  listOf,
  postingApi as open,
  postings,
  publicId,
  titlesOf as titles,
} from "../../support/posting-api.ts";
import { applicant, posting, storeList } from "../../support/recommendations.ts";
import type { World } from "../../support/world.ts";

const SKILLS = ["python", "postgres", "docker", "redis"];

describe("GET /jobs/recommendations", () => {
  it("pages through the recommendations of the user, best first, with scores in percent", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    await storeList(world, ada, listOf(await postings(world, 45)));
    const first = await get("/jobs/recommendations", ada);
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toBe("no-store");
    expect(first.body).toMatchObject({ total: 45, page: 1, page_size: 20, total_pages: 3 });
    expect(first.body.jobs[0]).toMatchObject({
      title: "P1",
      company: "Company 1",
      match_score: 92.5,
      match_reasons: ["Posted in the last 48 hours"],
      application_status: null,
      expires_at: "2026-06-05T08:00:00.000Z",
    });
    expect(first.body.jobs[1]!.match_score).toBe(92);
    const last = await get("/jobs/recommendations?page=3&page_size=20", ada);
    expect(titles(last.body)).toEqual(["P41", "P42", "P43", "P44", "P45"]);
    expect((await get("/jobs/recommendations?page=4", ada)).body).toMatchObject({ jobs: [], total: 45 });
    for (const wrong of ["page=0", "page_size=101", "page_size=0", "min_score=101", "remote=maybe"])
      expect((await get(`/jobs/recommendations?${wrong}`, ada)).status).toBe(422);
  });

  // Named regression 2.
  it("scores are from 0 to 1 in the table and from 0 to 100 in the API", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS, { primary_job_title: "Python Developer" });
    await posting(world, { title: "Python Developer", description: "Python, PostgreSQL, Docker and Redis" });
    await enqueueRunIn(world, generateRecommendations, {});
    await world.drain();
    const [stored] = await world.query<{ match_score: number }>(
      "select match_score from job_recommendations",
    );
    expect(stored!.match_score).toBeLessThanOrEqual(1);
    const { body } = await get("/jobs/recommendations", ada);
    expect(body.jobs[0]!.match_score).toBeCloseTo(stored!.match_score * 100, 1);
    expect(body.jobs[0]!.match_reasons[0]).toMatch(/^Matches your skills: /);
  });

  it("is empty without a list", async () => {
    const { world, get } = await open();
    expect((await get("/jobs/recommendations", await applicant(world, []))).body).toEqual({
      jobs: [],
      total: 0,
      page: 1,
      page_size: 20,
      total_pages: 0,
    });
  });

  // Named regression 8: what has expired is decided at the time of the request.
  it("shows nothing that has expired", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    await storeList(world, ada, listOf(await postings(world, 3)));
    world.at("2026-06-05T07:59:59Z");
    expect((await get("/jobs/recommendations", ada)).body.total).toBe(3);
    world.at("2026-06-05T08:00:00Z");
    expect((await get("/jobs/recommendations", ada)).body).toMatchObject({ total: 0, total_pages: 0 });
  });

  it("shows nothing that has closed, or whose last day is over", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 3);
    await storeList(world, ada, listOf(ids));
    await world.query("update jobs set status = 'closed', closed_at = now() where id = $1", [ids[0]]);
    await world.query("update jobs set valid_through = '2026-06-02T07:00Z' where id = $1", [ids[1]]);
    expect(titles((await get("/jobs/recommendations", ada)).body)).toEqual(["P3"]);
  });

  it("filters by remote work and by score", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = [...(await postings(world, 2)), ...(await postings(world, 1, { remote_type: "remote" }))];
    await storeList(world, ada, listOf(ids));
    expect(titles((await get("/jobs/recommendations?remote=true", ada)).body)).toEqual(["P1"]);
    expect((await get("/jobs/recommendations?remote=false", ada)).body.total).toBe(2);
    expect((await get("/jobs/recommendations?min_score=92", ada)).body.total).toBe(2);
  });

  it("shows each user their own list", async () => {
    const { world, get } = await open();
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, SKILLS)];
    await storeList(world, ada, listOf(await postings(world, 2)));
    expect((await get(`/jobs/recommendations?user_id=${ada}`, bob)).body.total).toBe(0);
    expect((await get("/jobs/recommendations", ada)).body.total).toBe(2);
  });

  it("returns the link back to the source, and none that is not a web page", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 3);
    const link = (id: string | undefined, href: string, source: string) =>
      world.query("update jobs set job_link = $2, source = $3 where id = $1", [id, href, source]);
    await link(ids[0], "https://remotive.com/remote-jobs/1", "remotive");
    await link(ids[1], "javascript:alert(1)", "host");
    await link(ids[2], "data:text/html,<script>1</script>", "host");
    await storeList(world, ada, listOf(ids));
    const { body } = await get("/jobs/recommendations", ada);
    expect(body.jobs.map(({ job_link }) => job_link)).toEqual([
      "https://remotive.com/remote-jobs/1",
      null,
      null,
    ]);
    expect(body.jobs[0]).toMatchObject({
      source: "remotive",
      attribution: expect.stringContaining("Remotive"),
    });
  });

  it("reads the list of a user in two statements, whatever its length", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS);
    await storeList(world, ada, listOf(await postings(world, 60)));
    await get("/jobs/recommendations", ada);
    expect(await countQueries(world, () => readServedList(world.db.drizzle, ada, world.clock.now()))).toBe(2);
  });
});

describe("feedback", () => {
  it.each([
    ["dismiss", "dismissed"],
    ["applied", "applied"],
  ])("a posting is not shown any more after %s, before any job has run", async (action, status) => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 3);
    await storeList(world, ada, listOf(ids));
    const id = await publicId(world, ids[0]!);
    expect(await post(`/jobs/${id}/${action}`, ada)).toMatchObject({
      status: 200,
      body: { id, application_status: status },
    });
    expect(titles((await get("/jobs/recommendations", ada)).body)).toEqual(["P2", "P3"]);
  });

  it("a copy of what the user dismissed or applied for is not shown, before any job has run", async () => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 4);
    await storeList(world, ada, listOf(ids.slice(1)));
    // The first is a copy of the second, and no longer the one that is shown.
    await world.query(
      "update jobs set cluster = $1, is_preferred = id <> $1 where id in ($1, $2)",
      ids.slice(0, 2),
    );
    await post(`/jobs/${await publicId(world, ids[0]!)}/dismiss`, ada);
    expect(titles((await get("/jobs/recommendations", ada)).body)).toEqual(["P3", "P4"]);
    // A saved copy hides nothing.
    await world.query(
      "update jobs set cluster = $1, is_preferred = id <> $1 where id in ($1, $2)",
      ids.slice(2),
    );
    await post(`/jobs/${await publicId(world, ids[2]!)}/save`, ada);
    expect(titles((await get("/jobs/recommendations", ada)).body)).toEqual(["P3"]);
  });

  it("a posting that the host hides is not shown, and a saved one still is", async () => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 2);
    await storeList(world, ada, listOf(ids));
    await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, 'hidden')", [
      ada,
      ids[0],
    ]);
    await post(`/jobs/${await publicId(world, ids[1]!)}/save`, ada);
    expect((await get("/jobs/recommendations", ada)).body.jobs).toMatchObject([
      { title: "P2", application_status: "saved" },
    ]);
  });

  it("a dismissed company lowers its other postings on the next read", async () => {
    const { world, get, post, remove } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = [...(await postings(world, 2, { company: "Acme" })), ...(await postings(world, 1))];
    await storeList(world, ada, listOf(ids));
    await post(`/jobs/${await publicId(world, ids[0]!)}/dismiss`, ada, { reason: "company" });
    const scores = async () =>
      (await get("/jobs/recommendations", ada)).body.jobs.map(({ company, match_score }) => [
        company,
        match_score,
      ]);
    expect(await scores()).toEqual([
      ["Company 1", 91.5],
      ["Acme", 73.6],
    ]);
    expect((await remove("/jobs/feedback", ada)).body).toEqual({ forgotten: 1 });
    // The reason is forgotten; the posting itself stays dismissed.
    expect(await scores()).toEqual([
      ["Acme", 92],
      ["Company 1", 91.5],
    ]);
  });

  it("reasons are forgotten after 90 days", async () => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 2, { company: "Acme" });
    await post(`/jobs/${await publicId(world, ids[0]!)}/dismiss`, ada, { reason: "company" });
    world.at("2026-08-31T08:00:01Z");
    await storeList(world, ada, listOf(ids));
    expect((await get("/jobs/recommendations", ada)).body.jobs).toMatchObject([{ match_score: 92 }]);
  });

  // Named regression 9.
  it("a profile that is changed after the run counts at once: blacklisted companies, excluded keywords", async () => {
    const { world, get } = await open();
    const ada = await applicant(world, SKILLS, {});
    const ids = [
      await posting(world, { title: "P1", company: "Shady Ltd." }),
      await posting(world, { title: "P2", company: "Fine", description: "Some night shifts." }),
      await posting(world, { title: "P3", company: "Nice", remote_type: "remote" }),
      await posting(world, { title: "P4", company: "Good" }),
    ];
    await storeList(world, ada, listOf(ids));
    const set = (columns: string) =>
      world.query(
        `insert into user_profiles (user_id, blacklisted_companies, excluded_keywords, work_preference) values ($1, ${columns})
         on conflict (user_id) do update set blacklisted_companies = excluded.blacklisted_companies,
           excluded_keywords = excluded.excluded_keywords, work_preference = excluded.work_preference`,
        [ada],
      );
    const shown = async () => titles((await get("/jobs/recommendations", ada)).body);
    await set("'{SHADY}', '{night shifts}', null");
    expect(await shown()).toEqual(["P3", "P4"]);
    await set("'{}', '{}', 'remote_only'");
    expect(await shown()).toEqual(["P3"]);
  });
});

describe("POST /jobs/recommendations/seen", () => {
  const daysOf = async (world: World) =>
    (await world.query<{ days: number }>("select days from recommendation_views order by job_id")).map(
      ({ days }) => days,
    );

  it("counts days without a click: lower from the third, out from the sixth", async () => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 2);
    const seen = [await publicId(world, ids[0]!)];
    const scores: number[][] = [];
    for (let day = 2; day <= 7; day++) {
      world.at(`2026-06-0${day}T08:00:00Z`);
      await world.query("delete from recommendation_lists");
      await storeList(world, ada, listOf(ids));
      for (let times = 0; times < 2; times++) await post("/jobs/recommendations/seen", ada, { seen });
      scores.push((await get("/jobs/recommendations", ada)).body.jobs.map(({ match_score }) => match_score));
    }
    expect(scores).toEqual([[92.5, 92], [92.5, 92], [92, 74], [92, 74], [92, 74], [92]]);
  });

  it("a click resets the count, even one in the same call", async () => {
    const { world, post } = await open();
    const ada = await applicant(world, SKILLS);
    const ids = await postings(world, 2);
    await storeList(world, ada, listOf(ids));
    const [first, second] = [await publicId(world, ids[0]!), await publicId(world, ids[1]!)];
    expect((await post("/jobs/recommendations/seen", ada, { seen: [first, second] })).body).toEqual({
      seen: 2,
      clicked: 0,
    });
    expect((await post("/jobs/recommendations/seen", ada, { seen: [first], clicked: [first] })).body).toEqual(
      { seen: 0, clicked: 1 },
    );
    expect(await daysOf(world)).toEqual([1]);
  });

  it("counts only postings on the user's own list", async () => {
    const { world, post } = await open();
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, SKILLS)];
    const [own, other] = await postings(world, 2);
    await storeList(world, ada, listOf([own!]));
    await storeList(world, bob, listOf([other!]));
    const seen = [await publicId(world, own!), await publicId(world, other!), "nothing", "\0", bob];
    expect((await post("/jobs/recommendations/seen", ada, { seen })).body).toEqual({ seen: 1, clicked: 0 });
    expect(
      (await post("/jobs/recommendations/seen", ada, { seen: Array.from({ length: 101 }, () => "x") }))
        .status,
    ).toBe(422);
    expect((await post("/jobs/recommendations/seen", ada, { watched: [] })).status).toBe(422);
  });
});

describe("POST /jobs/recommendations/generate", () => {
  it("computes the caller's recommendations, once an hour", async () => {
    const { world, get, post } = await open();
    const [ada, bob] = [await applicant(world, SKILLS), await applicant(world, SKILLS)];
    await posting(world, { title: "Python Developer", description: "Python, PostgreSQL, Docker and Redis" });
    expect((await get("/jobs/recommendations/status", ada)).body).toEqual({
      job_id: null,
      status: "none",
      requested_at: null,
      finished_at: null,
      available_at: null,
      generated_at: null,
      total: 0,
    });
    const started = await post("/jobs/recommendations/generate", ada);
    expect(started).toMatchObject({ status: 202, body: { status: "queued" } });
    const jobId = started.body["job_id"];
    const [run] = await listRuns(world.db.drizzle, { job: "generate-recommendations" }, 1);
    expect(run).toMatchObject({ id: jobId, input: { userId: ada } });
    const again = await post("/jobs/recommendations/generate", ada);
    expect(again).toMatchObject({ status: 429, body: { error: { code: "too-many-requests" } } });
    expect(again.headers.get("retry-after")).toBe("3600");
    await world.drain();
    expect((await get("/jobs/recommendations/status", ada)).body).toMatchObject({
      job_id: jobId,
      status: "done",
      requested_at: "2026-06-02T08:00:00.000Z",
      available_at: "2026-06-02T09:00:00.000Z",
      generated_at: expect.any(String),
      total: 1,
    });
    expect((await get("/jobs/recommendations", bob)).body.total).toBe(0);
    expect((await get("/jobs/recommendations/status", bob)).body).toMatchObject({ status: "none", total: 0 });
    world.at("2026-06-02T09:00:00Z");
    expect((await post("/jobs/recommendations/generate", ada)).status).toBe(202);
  });

  it("starts one run for two requests at once", async () => {
    const { world, post } = await open();
    const ada = await applicant(world, SKILLS);
    const answers = await Promise.all([1, 2, 3].map(() => post("/jobs/recommendations/generate", ada)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 429, 429]);
    expect(await listRuns(world.db.drizzle, { job: "generate-recommendations" }, 9)).toHaveLength(1);
  });

  it("may be repeated at once after a run that failed", async () => {
    const { world, get, post } = await open();
    const ada = await applicant(world, SKILLS);
    await post("/jobs/recommendations/generate", ada);
    await world.query("update job_runs set status = 'failed', finished_at = now()");
    expect((await get("/jobs/recommendations/status", ada)).body["status"]).toBe("failed");
    expect((await post("/jobs/recommendations/generate", ada)).status).toBe(202);
  });

  it("needs an active CV", async () => {
    const { world, post } = await open();
    const ada = await applicant(world, SKILLS);
    await world.query("update cvs set is_active = false");
    expect(await post("/jobs/recommendations/generate", ada)).toMatchObject({
      status: 409,
      body: { error: { code: "no-cv" } },
    });
  });
});
