import { describe, expect, it } from "vitest";
import { readPosting } from "../../../src/postings/find-postings.ts";
import { INSTANTS } from "../../support/odd-people.ts";
import { listOf, postingApi, postings, publicId, titlesOf } from "../../support/posting-api.ts";
import { greenhouseJob, postingsScene, serveGreenhouse } from "../../support/postings.ts";
import { applicant, posting, storeList } from "../../support/recommendations.ts";

describe("GET /jobs", () => {
  it("lists the open postings, latest first, in the form of recommendations", async () => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    const ids = await postings(world, 3);
    await storeList(world, ada, listOf([ids[0]!]));
    await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, 'dismissed')", [
      ada,
      ids[1],
    ]);
    const { status, body } = await get("/jobs?page_size=2", ada);
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: 3, page: 1, page_size: 2, total_pages: 2 });
    expect(body.jobs).toMatchObject([
      { title: "P3", match_score: null, match_reasons: [], application_status: null },
      { title: "P2", match_score: null, application_status: "dismissed" },
    ]);
    const { body: rest } = await get("/jobs?page=2&page_size=2", ada);
    expect(rest.jobs).toMatchObject([{ title: "P1", match_score: 92.5 }]);
    expect(Object.keys(rest.jobs[0]!)).toEqual(
      Object.keys((await get("/jobs/recommendations", ada)).body.jobs[0]!),
    );
  });

  it("leaves out closed postings, those whose last day is over, and copies", async () => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    await posting(world, { title: "Closed", status: "closed", closed_at: world.clock.now() });
    await posting(world, { title: "Over", valid_through: "2026-06-01T00:00Z" });
    await posting(world, { title: "Copy", is_preferred: false });
    await posting(world, { title: "Open" });
    expect((await get("/jobs", ada)).body).toMatchObject({ total: 1, jobs: [{ title: "Open" }] });
  });

  it("lists postings that their host dated infinity, or before Christ, beside the others", async () => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    const ids = await postings(world, 5);
    await storeList(world, ada, listOf(ids));
    for (const [index, at] of INSTANTS.entries())
      await world.query("update jobs set posted_date = $2, valid_through = 'infinity' where id = $1", [
        ids[index],
        at,
      ]);
    for (const path of ["/jobs", "/jobs/recommendations", `/jobs/${await publicId(world, ids[0]!)}`])
      expect((await get(path, ada)).status).toBe(200);
    expect((await get("/jobs", ada)).body.total).toBe(5);
  });

  it.each([
    ["q=gardener", ["Head Gardener"]],
    ["q=GARDENER+berlin", ["Head Gardener"]],
    ["q=garden", []],
    ["q=node.js", ["Node.js Developer"]],
    ["q=developer+-node.js", ["Go Developer"]],
    ["q=%22go+developer%22", ["Go Developer"]],
    ["q=green+streets", ["Head Gardener"]],
    ["company=green+streets", ["Head Gardener"]],
    ["company=gardener", []],
    ["location=berlin", ["Head Gardener"]],
    ["location=green", []],
    ["remote=true", ["Go Developer"]],
    ["remote=false", ["Node.js Developer", "Head Gardener"]],
    ["job_type=part-time", ["Head Gardener"]],
    ["posted_within_days=2", ["Go Developer"]],
    ["q='%20%26%20!(%3A*%20%5C", []],
    ["company='%20%26%20!(%3A*%20%5C", []],
  ])("?%s finds %j", async (query, found) => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    const old = { posted_date: "2026-05-30T00:00Z" };
    await posting(world, {
      title: "Head Gardener",
      company: "Green Streets",
      location: "Berlin",
      job_type: "part-time",
      ...old,
    });
    await posting(world, { title: "Node.js Developer", company: "O'Brien & Co", location: null, ...old });
    await posting(world, { title: "Go Developer", remote_type: "remote" });
    const { status, body } = await get(`/jobs?${query}`, ada);
    expect(status).toBe(200);
    expect(titlesOf(body)).toEqual(found);
    expect(body.total).toBe(found.length);
  });

  it("rejects invalid filters", async () => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    for (const wrong of [
      "q=",
      `q=${"x".repeat(201)}`,
      "q=%00",
      "job_type=any",
      "posted_within_days=0",
      "page=x",
    ])
      expect([wrong, (await get(`/jobs?${wrong}`, ada)).status]).toEqual([wrong, 422]);
  });

  it("finds words by an index", async () => {
    const { world } = await postingApi();
    await world.query(
      "insert into jobs (title, company) select 'Clerk ' || n, 'Acme' from generate_series(1, 3000) n",
    );
    await world.query("analyze jobs");
    const plan = await world.query<{ "QUERY PLAN": string }>(
      `explain select 1 from jobs j where j.status = 'open'
         and posting_words(j.title, j.company, j.location) @@ websearch_to_tsquery('pg_catalog.simple', 'clerk 7')`,
    );
    expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain("jobs_search");
  });
});

describe("GET /jobs/:id", () => {
  it("shows one posting with its description, by the host's id where there is one", async () => {
    const { world, get } = await postingApi();
    const ada = await applicant(world, []);
    const id = await posting(world, {
      title: "P1",
      description: "All of it.",
      salary_min: 10,
      salary_currency: "EUR",
    });
    const uuid = await publicId(world, id);
    expect((await get(`/jobs/${uuid}`, ada)).body).toMatchObject({
      id: uuid,
      title: "P1",
      status: "open",
      description: "All of it.",
      salary: { min: 10, max: null, currency: "EUR" },
    });
    await world.query("update jobs set host_id = 'seed/1' where id = $1", [id]);
    expect((await get(`/jobs/${uuid}`, ada)).status).toBe(404);
    expect((await get("/jobs/seed%2F1", ada)).body).toMatchObject({ id: "seed/1" });
  });

  // Named regression 11.
  it("shows no markup that a source sent", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    serveGreenhouse(boards, [
      greenhouseJob(1, {
        title: "Engineer <script>alert(1)</script>",
        content:
          "&lt;p onclick=&quot;x()&quot;&gt;Build.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;",
      }),
    ]);
    await scrape();
    const [stored] = await world.query<{ id: string }>("select id from jobs");
    const shown = await readPosting(world.db.drizzle, stored!.id);
    expect(shown!.text).toContain("Build.");
    expect(`${shown!.title}\n${shown!.text}`).not.toMatch(/<|onclick|onerror|alert/);
  });

  it("is 404 for ids that are no posting, another user's among them", async () => {
    const { world, get, post } = await postingApi();
    const [ada, bob] = [await applicant(world, []), await applicant(world, [])];
    const [user] = await world.query<{ public_id: string }>("select public_id from users where id = $1", [
      bob,
    ]);
    for (const id of [bob, user!.public_id, "999", "%00", "x".repeat(300)]) {
      expect((await get(`/jobs/${id}`, ada)).status).toBe(404);
      for (const action of ["save", "applied", "dismiss"])
        expect((await post(`/jobs/${id}/${action}`, ada)).status).toBe(404);
    }
  });
});

describe("GET /jobs/:id/explanation", () => {
  it("explains the posting to the caller, and nothing about others", async () => {
    const { world, get } = await postingApi();
    const [ada, bob] = [await applicant(world, []), await applicant(world, [])];
    const [id] = await postings(world, 1);
    await storeList(world, ada, listOf([id!]));
    const uuid = await publicId(world, id!);
    const path = `/jobs/${uuid}/explanation`;
    expect(await get(path, ada)).toMatchObject({
      status: 200,
      body: { kind: "recommendation", id: `${ada}:${uuid}` },
    });
    expect((await get(path, bob)).body).toMatchObject({ id: `${bob}:${uuid}` });
    expect((await get(`/jobs/${bob}/explanation`, ada)).status).toBe(404);
  });

  it("explains it to the caller where our id of them is the host's id of somebody else", async () => {
    const { world, get } = await postingApi();
    const [ada, bob] = [await applicant(world, []), await applicant(world, [])];
    const [id] = await postings(world, 1);
    await world.query(
      "update users set host_id = case id::text when $1 then '900' else $1 end where id::text in ($1, $2)",
      [ada, bob],
    );
    await world.query("update jobs set host_id = 'gardener' where id = $1", [id]);
    expect(await get("/jobs/gardener/explanation", "900")).toMatchObject({
      status: 200,
      body: { id: "900:gardener" },
    });
    expect((await get("/jobs/gardener/explanation", ada)).body).toMatchObject({ id: `${ada}:gardener` });
  });
});

describe("feedback", () => {
  const scene = async () => {
    const api = await postingApi();
    const ada = await applicant(api.world, []);
    const [id] = await postings(api.world, 1);
    const path = `/jobs/${await publicId(api.world, id!)}`;
    const give = async (action: string, body?: unknown) =>
      (await api.post(`${path}/${action}`, ada, body)).body["application_status"];
    const row = async () =>
      (
        await api.world.query("select status, dismiss_reason, dismissed_at, saved_at from job_applications")
      )[0];
    return { ...api, ada, path, give, row };
  };

  it("saves for ten days, and saving again starts them anew", async () => {
    const { world, give, row } = await scene();
    expect(await give("save")).toBe("saved");
    world.at("2026-06-05T08:00:00Z");
    expect(await give("save")).toBe("saved");
    expect(await row()).toMatchObject({ status: "saved", saved_at: new Date("2026-06-05T08:00:00Z") });
  });

  it("the last of save and dismiss counts", async () => {
    const { give, row } = await scene();
    await give("save");
    expect(await give("dismiss", { reason: "title" })).toBe("dismissed");
    expect(await row()).toMatchObject({ dismiss_reason: "title", dismissed_at: expect.any(Date) });
    expect(await give("save")).toBe("saved");
    expect(await row()).toMatchObject({ dismiss_reason: null, dismissed_at: null });
    expect(await give("dismiss")).toBe("dismissed");
    expect(await row()).toMatchObject({ dismiss_reason: null });
  });

  it("an application stays, with the status that the host set", async () => {
    const { world, give } = await scene();
    expect(await give("applied")).toBe("applied");
    expect(await give("save")).toBe("applied");
    expect(await give("dismiss", { reason: "other" })).toBe("applied");
    await world.query("update job_applications set status = 'offer'");
    expect(await give("applied")).toBe("offer");
  });

  it("to a copy is shown at the copy that is shown: nobody applies twice without a warning", async () => {
    const { world, get, post } = await postingApi();
    const ada = await applicant(world, ["python"]);
    const ids = await postings(world, 3);
    await post(`/jobs/${await publicId(world, ids[0]!)}/applied`, ada);
    // The employer's own board lists it as well, and its copy is shown.
    await world.query(
      "update jobs set cluster = $1, is_preferred = id <> $1 where id in ($1, $2)",
      ids.slice(0, 2),
    );
    const shown = async () =>
      (await get("/jobs", ada)).body.jobs.map(({ title, application_status }) => [title, application_status]);
    expect(await shown()).toEqual([
      ["P3", null],
      ["P2", "applied"],
    ]);
    const copy = await publicId(world, ids[1]!);
    expect((await get(`/jobs/${copy}`, ada)).body["application_status"]).toBe("applied");
    // What they do with the copy itself comes first.
    await post(`/jobs/${copy}/dismiss`, ada);
    expect(await shown()).toContainEqual(["P2", "dismissed"]);
  });

  it("is that of the caller alone", async () => {
    const { world, get, remove, path, give, ada } = await scene();
    const bob = await applicant(world, []);
    await give("dismiss", { reason: "company" });
    expect((await get(path, bob)).body).toMatchObject({ application_status: null });
    expect((await remove("/jobs/feedback", bob)).body).toEqual({ forgotten: 0 });
    expect((await get(path, ada)).body).toMatchObject({ application_status: "dismissed" });
  });

  it("rejects other reasons and other bodies", async () => {
    const { post, path, ada } = await scene();
    expect((await post(`${path}/dismiss`, ada, { reason: "mood" })).body.error?.code).toBe("bad-feedback");
    expect((await post(`${path}/dismiss`, ada, { because: "company" })).status).toBe(422);
  });
});
