import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import {
  type CleanPosting,
  cleanPosting,
  PostingRefused,
} from "../../../src/ports/postings/clean-posting.ts";
import { POSTING_SOURCES } from "../../../src/ports/postings/index.ts";
import { checkPostingLists, postingsPort } from "../../../src/ports/postings/postings-port.ts";
import { postingFixture } from "../../support/job-boards.ts";

const NOW = new Date("2026-06-02T06:00:00Z");
const never = new AbortController().signal;

/** A configured list, and its fixture. */
const BOARDS: Readonly<Record<string, string>> = {
  adzuna: "gb",
  greenhouse: "northwind",
  lever: "quill-labs",
  ashby: "tideway",
  jsonld: "https://mill.example/careers",
};

const configOf = (lists: string, variables: Record<string, string> = {}) =>
  readConfig({
    DATABASE_URL: "postgres://u:p@db:5432/cw",
    REDIS_URL: "redis://cache:6379",
    POSTING_LISTS: lists,
    FETCH_CONTACT: "ops@example.org",
    ADZUNA_APP_ID: "id",
    ADZUNA_APP_KEY: "key",
    ...variables,
  }).postingSources;

/** Reads the fixture of a source through its own code. */
async function readFixture(source: string, board = BOARDS[source] ?? ""): Promise<readonly CleanPosting[]> {
  const file = `${source}.${source === "jsonld" ? "html" : "json"}`;
  const text = postingFixture(file);
  const validators = { etag: null, lastModified: null, bodyHash: "x" };
  const config = configOf(board ? `${source}:${board}` : source);
  const port = postingsPort(config, async () => ({ kind: "page", text, validators }), { now: () => NOW });
  const read = await port.read({ source, board }, null, never);
  if (read.kind !== "list") throw new Error(read.kind);
  expect(read.refused).toEqual({});
  return read.postings;
}

describe("each source reads the shape that it documents", () => {
  it.each(POSTING_SOURCES.map(({ name }) => name))("%s has a fixture", (name) => {
    const url = new URL(`fixtures/${name}.${name === "jsonld" ? "html" : "json"}`, import.meta.url);
    expect(existsSync(url)).toBe(true);
  });

  it("remotive: naive dates are UTC, the salary is read from text, markup and scripts are gone", async () => {
    const [backend, editor] = await readFixture("remotive");
    expect(backend).toMatchObject({
      sourceId: "1900001",
      title: "Backend Engineer",
      company: "Lumen Works",
      location: "Europe",
      description: "We build light planning tools.\n\n- Python & Postgres\n- On call once a month",
      link: "https://remotive.com/remote-jobs/software-dev/backend-engineer-1900001",
      postedAt: new Date("2026-06-01T09:30:00Z"),
      salary: { min: 80_000, max: 120_000, currency: "USD", period: null, raw: "$80k - $120k" },
      jobType: "full-time",
      remoteType: "remote",
    });
    expect(editor).toMatchObject({ company: "Page & Sons", jobType: "contract", salary: { raw: null } });
  });

  it("remoteok: the notice is not a posting", async () => {
    expect(await readFixture("remoteok")).toMatchObject([
      {
        sourceId: "300001",
        title: "Site Reliability Engineer",
        description: "Keep the lights on.\nRotate.",
        salary: { min: 90_000, max: 130_000, currency: "USD", period: "year" },
        jobType: "full-time",
      },
    ]);
  });

  it("adzuna: the currency is that of the country", async () => {
    expect(await readFixture("adzuna")).toMatchObject([
      {
        title: "Care Assistant",
        company: "Willow Homes Ltd",
        location: "Leeds, West Yorkshire",
        link: "https://www.adzuna.co.uk/jobs/land/ad/4900001?se=x",
        salary: { min: 24_000, max: 26_000, currency: "GBP", period: "year" },
        jobType: "part-time",
      },
    ]);
  });

  it("greenhouse: HTML that is escaped once more, ids of its board", async () => {
    expect(await readFixture("greenhouse")).toMatchObject([
      {
        sourceId: "northwind:5100001",
        description: "About us\n\nWe move R&D data.",
        link: "https://boards.greenhouse.io/northwind/jobs/5100001",
        postedAt: new Date("2026-06-01T08:00:00Z"),
        salary: { min: 90_000, max: 120_000, currency: "EUR", period: "year" },
        location: "Berlin, Germany",
      },
    ]);
  });

  it("lever: the description is in three parts, the company is the board", async () => {
    expect(await readFixture("lever")).toMatchObject([
      {
        company: "Quill Labs",
        description: "Design with us.\n\nWhat you do\n\n- Draw\n- Test\n\nWe answer everybody.",
        postedAt: new Date(1780302600000),
        salary: { min: 45_000, max: 60_000, currency: "EUR", period: "year" },
        jobType: "full-time",
        remoteType: "hybrid",
      },
    ]);
  });

  it("ashby: jobs that are not listed are left out", async () => {
    expect(await readFixture("ashby")).toMatchObject([
      {
        title: "Support Lead",
        company: "Tideway",
        salary: { min: 50_000, max: 65_000, currency: "EUR" },
        jobType: "full-time",
        remoteType: "onsite",
      },
    ]);
  });

  it("arbeitnow: seconds, gender marks stay in the title that is shown", async () => {
    expect(await readFixture("arbeitnow")).toMatchObject([
      {
        title: "Pflegefachkraft (m/w/d)",
        description: "Wir suchen Verstärkung.",
        postedAt: new Date(1780304400000),
        location: "Hamburg",
        remoteType: null,
      },
    ]);
  });

  it("jsonld: a posting inside @graph, beside a script that is no JSON", async () => {
    expect(await readFixture("jsonld")).toMatchObject([
      {
        sourceId: "mill.example:B-12",
        title: "Baker",
        company: "Mill & Oak",
        location: "Ghent, BE",
        link: "https://mill.example/jobs/baker",
        postedAt: new Date("2026-06-01T00:00:00Z"),
        validThrough: new Date("2026-07-01T00:00:00Z"),
        salary: { min: 17.5, max: 17.5, currency: "EUR", period: "hour" },
        jobType: "part-time",
      },
    ]);
  });
});

/** Reads items of a list as its source. */
async function readItems(
  source: string,
  items: readonly object[],
  board = BOARDS[source] ?? "",
): Promise<readonly CleanPosting[]> {
  const script = `<script type="application/ld+json">${JSON.stringify(items)}</script>`;
  const text = source === "jsonld" ? script : JSON.stringify(source === "lever" ? items : { jobs: items });
  const validators = { etag: null, lastModified: null, bodyHash: "x" };
  const page = async () => ({ kind: "page", text, validators }) as const;
  const port = postingsPort(configOf(`${source}:${board}`), page, { now: () => NOW });
  const read = await port.read({ source, board }, null, never);
  return read.kind === "list" ? read.postings : [];
}

describe("further fields that sources may have", () => {
  const own = {
    id: "1",
    title: "Cook",
    text: "Cook",
    jobUrl: "https://a.example/1",
    hostedUrl: "https://a.example/1",
  };

  it("ashby and lever: all locations of a posting", async () => {
    const secondaryLocations = [{ location: "London" }, { location: null }];
    expect(await readItems("ashby", [{ ...own, location: "Dublin", secondaryLocations }])).toMatchObject([
      { location: "Dublin; London" },
    ]);
    const categories = { location: "Lisbon", allLocations: ["Lisbon", "Remote"] };
    expect(await readItems("lever", [{ ...own, categories, workplaceType: "unspecified" }])).toMatchObject([
      { location: "Lisbon; Remote", remoteType: "remote" },
    ]);
  });

  it("jsonld: postings without an address of their own lead to their title on the page", async () => {
    const job = (title: string, url?: string) => ({
      "@type": "JobPosting",
      title,
      url,
      identifier: { value: "Mill & Oak" },
      hiringOrganization: "Mill & Oak",
    });
    const jobs = [
      job("Baker"),
      job("Night-shift cook", "/careers"),
      job("Cook", "/careers"),
      job("Driver", "/driver"),
    ];
    expect(await readItems("jsonld", jobs)).toMatchObject([
      { title: "Baker", link: "https://mill.example/careers#:~:text=Baker" },
      { title: "Night-shift cook", link: "https://mill.example/careers#:~:text=Night%2Dshift%20cook" },
      { title: "Cook", link: "https://mill.example/careers#:~:text=Cook" },
      { title: "Driver", link: "https://mill.example/driver" },
    ]);
    expect(await readItems("jsonld", [job("Baker")])).toMatchObject([
      { sourceId: "mill.example:Mill & Oak", link: "https://mill.example/careers" },
    ]);
  });

  it("jsonld: a script of many megabytes fails its list, which is not taken for one without its postings", async () => {
    const job = { "@type": "JobPosting", title: "Cook", hiringOrganization: "Mill", url: "/cook" };
    await expect(readItems("jsonld", [{ ...job, description: "x".repeat(5_000_000) }])).rejects.toThrow(
      "too-large",
    );
  });

  it("jsonld: the full name of the type, and a list of organizations", async () => {
    const posting = {
      "@type": "https://schema.org/JobPosting",
      title: "Cook",
      hiringOrganization: [{ name: "Mill & Oak" }],
      url: "/cook",
    };
    expect(await readItems("jsonld", [posting])).toMatchObject([{ company: "Mill & Oak" }]);
  });
});

describe("different spellings of sources", () => {
  const clean = (draft: object) =>
    cleanPosting({ id: "1", title: "Cook", company: "A", link: "https://a.example/1", ...draft }, NOW);

  it.each([
    [["dev", "internet", "template"], null],
    ["International", null],
    ["INTERN", "internship"],
    ["Internships", "internship"],
    ["FULL_TIME", "full-time"],
    [["PART_TIME", "CONTRACTOR"], "part-time"],
    ["Temporary", "temporary"],
    ["Fixed term", "contract"],
  ])("the type of %j", (jobType, expected) => expect(clean({ jobType }).jobType).toBe(expected));

  it.each([
    ["Home Office", "remote"],
    ["Remote, EU", "remote"],
    ["TELECOMMUTE", "remote"],
    ["No remote", "onsite"],
    ["not fully remote", "onsite"],
    ["on-site", "onsite"],
    ["In office", "onsite"],
    ["Hybrid remote", "hybrid"],
    ["Officer Street 1", null],
  ])("the workplace %s", (remoteType, expected) => expect(clean({ remoteType }).remoteType).toBe(expected));

  it.each([
    ["Remote - EU", undefined, "remote"],
    ["Anywhere", false, "remote"],
    ["Berlin (hybrid)", null, "hybrid"],
    ["Remote", "on-site", "onsite"],
    ["12 Office Park, Leeds", null, null],
  ])("the workplace at the location %s, where the source says %j", (location, remoteType, expected) => {
    expect(clean({ location, remoteType }).remoteType).toBe(expected);
  });

  it("ids that differ after hundreds of characters are two", () => {
    const long = `https://a.example/${"x".repeat(400)}`;
    const [one, two] = [clean({ id: `${long}1` }), clean({ id: `${long}2` })];
    expect(one.sourceId).not.toBe(two.sourceId);
    expect(one.sourceId.length).toBeLessThanOrEqual(300);
  });

  it("a posting that is valid through a date is open until the end of that day", () => {
    expect(clean({ validThrough: "2026-06-02" }).validThrough).toEqual(new Date("2026-06-02T23:59:59.999Z"));
    expect(() => clean({ validThrough: "2026-06-01" })).toThrow(PostingRefused);
    expect(() => clean({ validThrough: "2026-06-02T05:59:59Z" })).toThrow(PostingRefused);
  });
});

describe("reading a list", () => {
  const validators = { etag: '"1"', lastModified: null, bodyHash: "x" };
  const portOn = (pages: Record<string, unknown>, lists: string, variables?: Record<string, string>) => {
    const requested: URL[] = [];
    const port = postingsPort(
      configOf(lists, variables),
      async ({ url }) => {
        requested.push(url);
        return { kind: "page", text: JSON.stringify(pages[url.searchParams.get("page") ?? ""]), validators };
      },
      { now: () => NOW },
    );
    return { port, requested };
  };
  const job = (slug: string) => ({ slug, title: slug, company_name: "A", url: `https://a.example/${slug}` });

  it("reads page after page, at most as many as configured, and then reports that it is incomplete", async () => {
    const pages = {
      1: { data: [job("a"), job("b")], links: { next: "https://elsewhere.example/" } },
      2: { data: [job("b"), job("c")], links: { next: null } },
    };
    const whole = portOn(pages, "arbeitnow");
    const read = await whole.port.read({ source: "arbeitnow", board: "" }, null, never);
    expect(read).toMatchObject({ isWhole: true, validators: null });
    expect(read.kind === "list" && read.postings.map(({ sourceId }) => sourceId)).toEqual(["a", "b", "c"]);
    // The next page is built here: a list cannot send its reader elsewhere.
    expect(whole.requested.map(({ host }) => host)).toEqual(["www.arbeitnow.com", "www.arbeitnow.com"]);
    const cut = portOn(pages, "arbeitnow", { POSTINGS_MAX_PAGES: "1" });
    expect(await cut.port.read({ source: "arbeitnow", board: "" }, null, never)).toMatchObject({
      isWhole: false,
    });
  });

  it("refuses one item and reads the others", async () => {
    const items = [
      job("a"),
      null,
      7,
      { ...job("b"), title: {} },
      { ...job("c"), url: "javascript:alert(1)" },
    ];
    const { port } = portOn({ 1: { data: items, links: {} } }, "arbeitnow");
    expect(await port.read({ source: "arbeitnow", board: "" }, null, never)).toMatchObject({
      postings: [{ sourceId: "a" }],
      refused: { "no-id": 2, "no-title": 1, "no-link": 1 },
      unreadableIds: ["b", "c"],
    });
  });

  it("fails if no item can be read: another format is not an empty list", async () => {
    const read = (items: unknown[]) => {
      const { port } = portOn({ 1: { data: items, links: {} } }, "arbeitnow");
      return port.read({ source: "arbeitnow", board: "" }, null, never);
    };
    await expect(
      read([
        { id: 7, headline: "Baker" },
        { ...job("b"), title: {} },
      ]),
    ).rejects.toThrow("all-refused");
    expect(await read([])).toMatchObject({ kind: "list", postings: [] });
  });

  it("sends no request without its credentials", async () => {
    const config = configOf("adzuna:gb", { ADZUNA_APP_ID: "", ADZUNA_APP_KEY: "" });
    const requested: URL[] = [];
    const fetch = async ({ url }: { url: URL }) => {
      requested.push(url);
      return { kind: "page", text: '{"results":[]}', validators } as const;
    };
    const port = postingsPort(config, fetch, { now: () => NOW });
    await expect(port.read({ source: "adzuna", board: "gb" }, null, never)).rejects.toThrow("not-configured");
    expect(requested).toEqual([]);
  });

  it("the secret of adzuna is in no error", async () => {
    const port = postingsPort(
      configOf("adzuna:gb"),
      async () => ({ kind: "page", text: "<html>", validators }),
      { now: () => NOW },
    );
    const error = await port.read({ source: "adzuna", board: "gb" }, null, never).catch((e: unknown) => e);
    expect(String(error)).toBe("UnreadableList: no-json");
  });

  it.each([
    ["monster", /unknown source "monster"/],
    ["remotive:x", /remotive has one list/],
    ["greenhouse", /greenhouse needs its board/],
    ["greenhouse:../../v2", /greenhouse needs its board/],
    ["jsonld:ftp://a", /jsonld needs its board/],
  ])("refuses the configuration %s", (lists, message) => {
    expect(() => checkPostingLists(configOf(lists))).toThrow(message);
  });
});
