import { describe, expect, it } from "vitest";
import { cleanupOldPostings } from "../../../src/workers/recommendations/cleanup-old-postings.ts";
import { scrapeJobPostings } from "../../../src/workers/recommendations/scrape-job-postings.ts";
import { serve as serveHttp } from "../../http/support.ts";
import { eventually } from "../../support/eventually.ts";
import { postingFixture } from "../../support/job-boards.ts";
import {
  GREENHOUSE,
  greenhouseJob,
  openTitles,
  postingsScene,
  serveGreenhouse,
} from "../../support/postings.ts";
import type { World } from "../../support/world.ts";

const listings = (world: World) =>
  world.query<Record<string, unknown>>(
    "select source, board, failures, fault, found, stored, duplicates, failed from posting_listings order by source",
  );

describe("scrape-job-postings", () => {
  it("stores the postings of every source, and counts by source", async () => {
    const { world, boards, scrape } = await postingsScene({
      lists:
        "remotive,remoteok,adzuna:gb,greenhouse:northwind,lever:quill-labs,ashby:tideway,arbeitnow,jsonld:BOARDS/careers",
    });
    const serve = (path: string, file: string) => boards.serve(path, { body: postingFixture(file) });
    serve("/remotive/api/remote-jobs", "remotive.json");
    serve("/remoteok/api", "remoteok.json");
    const query = "app_id=id&app_key=key&results_per_page=50&sort_by=date";
    serve(`/adzuna/v1/api/jobs/gb/search/1?${query}`, "adzuna.json");
    serve(GREENHOUSE, "greenhouse.json");
    serve("/lever/v0/postings/quill-labs?mode=json", "lever.json");
    serve("/ashby/posting-api/job-board/tideway?includeCompensation=true", "ashby.json");
    serve("/arbeitnow/api/job-board-api?page=1", "arbeitnow.json");
    serve("/careers", "jsonld.html");
    expect(await scrape()).toMatchObject({
      found: 9,
      stored: 9,
      duplicates: 0,
      failed: 0,
      "remotive.stored": 2,
    });
    expect(await world.query("select count(*)::int as n from jobs where status = 'open'")).toEqual([
      { n: 9 },
    ]);
    expect(await listings(world)).toHaveLength(8);
    // Each source may be asked again later, not now.
    expect(await scrape()).toEqual({ found: 0, stored: 0, duplicates: 0, failed: 0, closed: 0 });
    expect(boards.requests).toHaveLength(8);
  });

  it("a source that fails is an error of that source, and does not stop the others", async () => {
    const { world, boards, scrape } = await postingsScene({
      lists: "remotive,remoteok,greenhouse:northwind",
    });
    boards.serve("/remotive/api/remote-jobs", { status: 500 });
    boards.serve("/remoteok/api", { body: '[{"legal": "half a li' });
    serveGreenhouse(boards, [greenhouseJob(1)]);
    const counts = await scrape();
    expect(counts).toMatchObject({ stored: 1, failedLists: 2, "remotive.failedLists": 1, failed: 0 });
    expect(await listings(world)).toMatchObject([
      { source: "greenhouse", failures: 0, fault: null, stored: 1 },
      { source: "remoteok", failures: 1, fault: "no-json" },
      { source: "remotive", failures: 1, fault: "status-500" },
    ]);
    // It is tried again in a quarter of an hour, and only what failed.
    expect(await world.enqueued(scrapeJobPostings)).toMatchObject([{ payload: { failedOnly: true } }]);
    boards.serve("/remotive/api/remote-jobs", { body: postingFixture("remotive.json") });
    world.at("2026-06-02T06:16:00Z");
    await world.query("delete from outbox");
    expect(await scrape({ failedOnly: true })).toMatchObject({ stored: 2, failedLists: 1 });
    expect(boards.requests.filter((path) => path === GREENHOUSE)).toHaveLength(1);
  });

  it("a source that fails is seen in the metrics until it succeeds again", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind,remotive" });
    // A server of its own for each: it keeps what it has read for a second.
    const failures = async () =>
      (await (await fetch(`${await serveHttp(world)}/metrics`)).text())
        .split("\n")
        .filter((line) => line.startsWith("commonwork_posting_list_failures{"))
        .sort();
    boards.serve("/remotive/api/remote-jobs", { body: JSON.stringify({ jobs: [] }) });
    boards.serve(GREENHOUSE, { status: 404 });
    await scrape();
    expect(await failures()).toEqual([
      'commonwork_posting_list_failures{source="greenhouse",board="northwind"} 1',
      'commonwork_posting_list_failures{source="remotive",board=""} 0',
    ]);
    serveGreenhouse(boards, [greenhouseJob(1)]);
    world.at("2026-06-02T06:16:00Z");
    await world.query("delete from outbox");
    await scrape({ failedOnly: true });
    expect((await failures())[0]).toBe(
      'commonwork_posting_list_failures{source="greenhouse",board="northwind"} 0',
    );
  });

  it("stores new postings of the last two days, at most a number of a list in a run, the newest first", async () => {
    const { world, boards, scrape } = await postingsScene({
      lists: "greenhouse:northwind",
      environment: { POSTINGS_PER_RUN: "2" },
    });
    serveGreenhouse(boards, [
      greenhouseJob(1, { title: "Old", first_published: "2026-05-30T05:00:00Z" }),
      greenhouseJob(2, { title: "Third", first_published: "2026-06-01T05:00:00Z" }),
      greenhouseJob(3, { title: "Second", first_published: "2026-06-01T06:00:00Z" }),
      greenhouseJob(4, { title: "First", first_published: "2026-06-02T05:00:00Z" }),
    ]);
    expect(await scrape()).toMatchObject({ found: 4, stored: 2, older: 1, postponed: 1 });
    expect(await openTitles(world)).toEqual(["First", "Second"]);
    world.at("2026-06-02T07:00:00Z");
    // The list has not changed, but not all of it was stored.
    expect(await scrape()).toMatchObject({ found: 4, stored: 1, duplicates: 2, older: 1 });
  });

  it("a list that has not changed is not read again", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    boards.serve(GREENHOUSE, (response, headers) => {
      const isKnown = headers["if-none-match"] === '"7"';
      response.writeHead(isKnown ? 304 : 200, { etag: '"7"' });
      response.end(isKnown ? "" : JSON.stringify({ jobs: [greenhouseJob(1)] }));
    });
    await scrape();
    world.at("2026-06-03T06:00:00Z");
    expect(await scrape()).toMatchObject({ unchanged: 1, closed: 0 });
    expect(await openTitles(world)).toHaveLength(1);
    expect(await listings(world)).toMatchObject([{ failures: 0, fault: null }]);
  });

  it("an edit at the source is an edit here", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    serveGreenhouse(boards, [greenhouseJob(1, { title: "Enginer" })]);
    await scrape();
    serveGreenhouse(boards, [greenhouseJob(1, { title: "Engineer" })]);
    world.at("2026-06-03T06:00:00Z");
    expect(await scrape()).toMatchObject({ edited: 1, duplicates: 1, stored: 0 });
    expect(await openTitles(world)).toEqual(["Engineer"]);
  });

  it("a site that leads all its postings to one page is read, and its other postings are stored", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    serveGreenhouse(boards, [greenhouseJob(1), greenhouseJob(2), greenhouseJob(3)]);
    await scrape();
    const careers = { absolute_url: "https://boards.example/careers" };
    serveGreenhouse(boards, [
      greenhouseJob(1, careers),
      greenhouseJob(2, careers),
      greenhouseJob(3),
      greenhouseJob(4),
    ]);
    world.at("2026-06-03T06:00:00Z");
    expect(await scrape()).toMatchObject({ edited: 2, stored: 1 });
    expect(await world.query("select job_link as link from jobs order by source_id")).toEqual([
      { link: "https://boards.example/careers" },
      { link: "https://boards.example/jobs/2" },
      { link: "https://boards.example/jobs/3" },
      { link: "https://boards.example/jobs/4" },
    ]);
  });

  it("a dry run sends no request, and lists those it would send", async () => {
    const { world, boards } = await postingsScene({ lists: "remotive,greenhouse:northwind" });
    const preview = await world.dryRun(scrapeJobPostings, {});
    expect(preview).toMatchObject({
      fault: null,
      ranges: 2,
      requests: [
        { source: "greenhouse", board: "northwind" },
        { source: "remotive", board: "" },
      ],
    });
    expect(boards.requests).toEqual([]);
  });

  it("without lists there is nothing to do, and it says so", async () => {
    const { scrape, world } = await postingsScene({ lists: "" });
    expect(await scrape()).toEqual({});
    expect(await world.query("select status from job_runs")).toEqual([{ status: "skipped" }]);
  });

  it("calls a source no more often than its terms allow, even after Redis was wiped", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "remotive" });
    boards.serve("/remotive/api/remote-jobs", { status: 503 });
    await eventually(() => expect(world.producers.ready()).toBe(true));
    for (const time of ["06:00", "12:00", "18:00", "23:59"]) {
      world.at(`2026-06-02T${time}:00Z`);
      // What a FLUSHALL leaves of the limits in Redis.
      const { redis } = world.producers;
      for (const key of await redis.keys(`*${world.config.redisPrefix}:fetch*`)) await redis.del(key);
      await scrape();
    }
    // Three attempts of the first run, and one of the second: four requests that day.
    expect(boards.requests).toHaveLength(4);
    expect(await listings(world)).toMatchObject([{ fault: "requests-per-day-used" }]);
    world.at("2026-06-03T00:00:00Z");
    await scrape();
    expect(boards.requests.length).toBeGreaterThan(4);
  });
});

describe("closing", () => {
  const jobs = (...ids: number[]) => ids.map((id) => greenhouseJob(id));

  it("a posting that is missing in two full lists in a row is closed, and opened when it is back", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    const day = (n: number) => world.at(`2026-06-0${n}T06:00:00Z`);
    serveGreenhouse(boards, jobs(1, 2, 3));
    await scrape();
    serveGreenhouse(boards, jobs(1, 2));
    day(3);
    expect(await scrape()).toMatchObject({ closed: 0 });
    day(4);
    // The same list as yesterday: the posting is missing once more.
    expect(await scrape()).toMatchObject({ unchanged: 1, closed: 1 });
    expect(await openTitles(world)).toEqual(["Engineer b", "Engineer c"]);
    serveGreenhouse(boards, jobs(1, 2, 3));
    day(5);
    expect(await scrape()).toMatchObject({ reopened: 1, closed: 0 });
    expect(await openTitles(world)).toHaveLength(3);
  });

  it("a posting that is missing once and then listed again has not been missing twice in a row", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    for (const [index, ids] of [[1, 2], [1], [1, 2], [1]].entries()) {
      world.at(`2026-06-0${index + 2}T06:00:00Z`);
      serveGreenhouse(boards, jobs(...ids));
      await scrape();
    }
    expect(await openTitles(world)).toHaveLength(2);
  });

  // Named regression 10.
  it("an outage of a board does not close its postings, however long it lasts and whatever it looks like", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    const all = jobs(1, 2, 3, 4, 5, 6);
    serveGreenhouse(boards, all);
    await scrape();
    const outages = [
      () => boards.serve(GREENHOUSE, { status: 500 }),
      () => boards.serve(GREENHOUSE, { status: 404 }),
      () => boards.serve(GREENHOUSE, { body: "<html>maintenance</html>" }),
      () => boards.serve(GREENHOUSE, { body: '{"jobs":[' }),
      () => serveGreenhouse(boards, []),
      () => serveGreenhouse(boards, all.slice(0, 2)),
      // Every item is refused: the shape has changed.
      () =>
        serveGreenhouse(
          boards,
          all.map((job) => ({ ...job, absolute_url: undefined })),
        ),
    ];
    let day = 3;
    for (const outage of outages) {
      outage();
      for (const _twice of [1, 2]) {
        world.at(`2026-06-${String(day++).padStart(2, "0")}T06:00:00Z`);
        expect((await scrape())["closed"] ?? 0).toBe(0);
      }
    }
    expect(await openTitles(world)).toHaveLength(6);
    serveGreenhouse(boards, all);
    world.at("2026-06-20T06:00:00Z");
    expect(await scrape()).toMatchObject({ duplicates: 6, closed: 0 });
  });

  describe("by the employer", () => {
    const day = (world: World, n: number) => world.at(`2026-06-${String(n).padStart(2, "0")}T06:00:00Z`);
    /** A posting of the employer's board, and the same on a search engine. */
    async function listedTwice(url: string) {
      const scene = await postingsScene({ lists: "greenhouse:northwind,remotive" });
      const { boards } = scene;
      const copy = {
        id: 7,
        title: "Engineer b",
        company_name: "Northwind",
        url,
        publication_date: "2026-06-02T04:00:00",
      };
      boards.serveJson("/remotive/api/remote-jobs", { jobs: [copy] });
      // Another place of work is another opening.
      const job = { ...greenhouseJob(1), location: { name: "Remote" } };
      serveGreenhouse(boards, [job, greenhouseJob(2)]);
      await scene.scrape();
      const shown = async () =>
        (
          await scene.world.query<{ title: string }>(
            "select title from jobs where status = 'open' and is_preferred order by title",
          )
        ).map(({ title }) => title);
      expect(await shown()).toEqual(["Engineer b", "Engineer c"]);
      return { ...scene, job, shown };
    }

    it.each([
      ["another link", "https://remotive.example/7"],
      ["the same link", "https://boards.example/jobs/1"],
    ])(
      "a posting that its board no longer lists is not shown, while a search engine still lists it under %s",
      async (_, url) => {
        const { world, boards, scrape, shown, job } = await listedTwice(url);
        // An outage of the board changes nothing.
        boards.serve(GREENHOUSE, { status: 500 });
        for (const n of [3, 4, 5]) {
          day(world, n);
          await scrape();
          expect(await shown()).toEqual(["Engineer b", "Engineer c"]);
        }
        serveGreenhouse(boards, [greenhouseJob(2)]);
        for (const n of [6, 7, 8]) {
          day(world, n);
          await scrape();
        }
        expect(await shown()).toEqual(["Engineer c"]);
        // The employer looks for somebody again.
        serveGreenhouse(boards, [job, greenhouseJob(2)]);
        day(world, 9);
        await scrape();
        expect(await shown()).toEqual(["Engineer b", "Engineer c"]);
      },
    );

    it("a board that is no longer fetched decides nothing", async () => {
      const { world, boards, scrape, shown } = await listedTwice("https://remotive.example/7");
      boards.serve(GREENHOUSE, { status: 404 });
      await world.query("update posting_listings set next_fetch_at = 'infinity' where source = 'greenhouse'");
      world.at("2026-07-10T06:00:00Z");
      await scrape();
      await world.perform(cleanupOldPostings, {});
      expect(await shown()).toEqual(["Engineer b"]);
      expect(await world.query("select source from jobs where status = 'open'")).toEqual([
        { source: "remotive" },
      ]);
    });
  });

  it("a source with a changed format fails, and does not count as an empty list", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "remotive" });
    const renamed = { jobs: [{ uuid: "1", headline: "Baker" }] };
    boards.serveJson("/remotive/api/remote-jobs", renamed);
    expect(await scrape()).toMatchObject({ failedLists: 1, failed: 0 });
    expect(await listings(world)).toMatchObject([{ source: "remotive", failures: 1, fault: "all-refused" }]);
  });

  it("a posting whose last day was over and is extended is opened when its list is read", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "jsonld:BOARDS/careers" });
    const baker = (validThrough: string) => ({
      "@type": "JobPosting",
      title: "Baker",
      hiringOrganization: "Mill",
      url: "/jobs/baker",
      validThrough,
    });
    const serve = (validThrough: string) =>
      boards.serve("/careers", {
        body: `<script type="application/ld+json">${JSON.stringify([baker(validThrough), { ...baker("2027-01-01"), title: "Cook", url: "/jobs/cook" }])}</script>`,
      });
    serve("2026-06-03");
    await scrape();
    world.at("2026-06-04T00:10:00Z");
    await world.perform(cleanupOldPostings, {});
    expect(await openTitles(world)).toEqual(["Cook"]);
    serve("2026-07-03");
    expect(await scrape()).toMatchObject({ edited: 1, reopened: 1 });
    expect(await openTitles(world)).toEqual(["Baker", "Cook"]);
  });

  it("a posting that became unreadable is not missing", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    serveGreenhouse(boards, jobs(1, 2, 3));
    await scrape();
    serveGreenhouse(boards, [...jobs(1, 2), greenhouseJob(3, { title: "" })]);
    for (const day of [3, 4]) {
      world.at(`2026-06-0${day}T06:00:00Z`);
      await scrape();
    }
    expect(await openTitles(world)).toHaveLength(3);
  });
});

describe("foreign data is not trusted", () => {
  // Named regression 6.
  it("failures are counted as failures, not as duplicates", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    serveGreenhouse(boards, [greenhouseJob(1), { id: 2 }, null, greenhouseJob(1)]);
    expect(await scrape()).toMatchObject({ found: 3, stored: 1, duplicates: 0, failed: 2 });
    expect(await listings(world)).toMatchObject([{ found: 3, stored: 1, duplicates: 0, failed: 2 }]);
  });

  it("one posting is refused or cleaned, the others are stored", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "greenhouse:northwind" });
    const range = [{ min_cents: "1e309", max_cents: 1, currency_type: "euros" }];
    const jobs = [
      greenhouseJob(1, { title: "NUL\u0000 and \ud800 surrogate" }),
      greenhouseJob(2, {
        title: "\u202egnipyT\u0007 \u001b[31mred",
        company_name: "Evil\r\nBcc: all@a.example",
      }),
      greenhouseJob(3, { title: "Bad link", absolute_url: "javascript:alert(1)" }),
      greenhouseJob(4, { title: "Future", first_published: "2099-01-01T00:00:00Z" }),
      greenhouseJob(5, { title: "Year zero", first_published: "0000-01-01T00:00:00Z" }),
      greenhouseJob(6, { title: "Rich", pay_input_ranges: range }),
      greenhouseJob(7, { title: "x".repeat(100_000) }),
      greenhouseJob(8, { title: { en: "object" } }),
      greenhouseJob(9, { title: "Deep", content: "&lt;div&gt;".repeat(50_000) }),
    ];
    boards.serve(GREENHOUSE, {
      body: JSON.stringify({ jobs }).replace('"max_cents":1,', '"max_cents":1e309,'),
    });
    expect(await scrape()).toMatchObject({ found: 9, stored: 7, failed: 2 });
    const stored = await world.query<Record<string, unknown>>(
      "select title, company, posted_date, salary_min, salary_max, salary_currency from jobs order by source_id",
    );
    const shown = stored.map(({ title, company }) => `${title} ${company}`).join("\n");
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(stored.map(({ company }) => company)).toContain("Evil Bcc: all@a.example");
    expect(Math.max(...stored.map(({ title }) => String(title).length))).toBe(300);
    for (const title of ["Future", "Year zero"])
      expect(stored.find((each) => each["title"] === title)).toMatchObject({ posted_date: null });
    expect(stored.find((each) => each["title"] === "Rich")).toMatchObject({
      salary_min: null,
      salary_max: null,
      salary_currency: null,
    });
  });

  // Named regression 11.
  it("unsanitised HTML: no markup, script or handler is stored, whatever it is hidden in", async () => {
    const { world, boards, scrape } = await postingsScene({ lists: "lever:acme" });
    const html = [
      `<script>alert("script")</script><p onclick="alert(1)">Hello</p>`,
      `<img src=x onerror=alert(2)><svg><script>alert(3)</script></svg>`,
      `<style>p{}</style><!-- <script>alert(4)</script> --><a href="javascript:alert(5)">link</a>`,
      `<scr<script>ipt>alert(6)</scr</script>ipt>`,
    ].join("\n");
    boards.serveJson("/lever/v0/postings/acme?mode=json", [
      {
        id: "1",
        text: "<b>Bold</b> &amp; <i>brave</i>",
        hostedUrl: "https://a.example/1",
        description: html,
      },
    ]);
    await scrape();
    const [posting] = await world.query<{ title: string; description: string }>(
      "select title, description from jobs",
    );
    expect(posting?.title).toBe("Bold & brave");
    expect(posting?.description).toMatch(/Hello/);
    expect(posting?.description).not.toMatch(/<\w|onclick|onerror|javascript:|alert\((1|2|3|4|5|"script")\)/);
  });
});
