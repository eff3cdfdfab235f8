import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { cleanPosting } from "../../src/ports/postings/clean-posting.ts";
import { storePostings } from "../../src/postings/store-postings.ts";
import { AT } from "../support/postings.ts";
import { createWorld, type World } from "../support/world.ts";

const NOW = new Date(AT);

/** A text of its own for each number. */
const textOf = (seed: number, words = 80): string =>
  Array.from({ length: words }, (_, i) => `w${(seed * 7_919 + i * 104_729) % 99_991}`).join(" ");

type Draft = Partial<Parameters<typeof cleanPosting>[0]>;

async function store(world: World, source: string, drafts: readonly Draft[]) {
  const postings = drafts.map((draft, index) =>
    cleanPosting(
      {
        id: `${source}-${index}`,
        title: `Title ${index}`,
        company: "Acme",
        location: "Berlin",
        link: `https://${source}.example/${index}`,
        description: textOf(index),
        ...draft,
      },
      NOW,
    ),
  );
  return inTransaction(world.db, async (tx) => {
    await tx.execute(sql`insert into posting_listings (source) values (${source}) on conflict do nothing`);
    return storePostings(tx, { source, board: "" }, postings, NOW);
  });
}

const stored = (world: World) =>
  world.query<{ id: string; source: string; cluster: string | null; is_preferred: boolean }>(
    "select id, source, cluster, is_preferred from jobs order by id",
  );

const sightings = (world: World) =>
  world.query("select source, source_id, posting_id from posting_sightings order by source, source_id");

describe("duplicates", () => {
  it("level 2: the same link is the same posting, and the employer's own board replaces a copy", async () => {
    const world = await createWorld({ at: AT });
    const link = "https://acme.example/jobs/1";
    await store(world, "remotive", [{ id: "r1", link: `${link}?utm_source=remotive`, title: "Engineer" }]);
    expect(
      await store(world, "greenhouse", [{ id: "g1", link: `${link}/`, title: "Engineer, Platform" }]),
    ).toEqual({
      stored: 0,
      duplicates: 1,
    });
    expect(await world.query("select source, source_id, title, job_link from jobs")).toEqual([
      { source: "greenhouse", source_id: "g1", title: "Engineer, Platform", job_link: `${link}/` },
    ]);
    // A search engine does not replace what the employer wrote.
    await store(world, "remoteok", [{ id: "k1", link, title: "ENGINEER!!!" }]);
    expect(await world.query("select title from jobs")).toEqual([{ title: "Engineer, Platform" }]);
    expect(await sightings(world)).toHaveLength(3);
  });

  it("level 2: a link is the same with and without www, and is shown as the source writes it", async () => {
    const world = await createWorld({ at: AT });
    await store(world, "remotive", [{ id: "r1", link: "https://www.acme.example/jobs/1/?ref=remotive" }]);
    expect(await store(world, "remoteok", [{ id: "k1", link: "https://acme.example/jobs/1" }])).toEqual({
      stored: 0,
      duplicates: 1,
    });
    expect(await world.query("select job_link from jobs")).toEqual([
      { job_link: "https://www.acme.example/jobs/1/" },
    ]);
  });

  it("level 2: postings that differ by the fragment or a reference in their link are all stored", async () => {
    const world = await createWorld({ at: AT });
    const drafts = ["#/jobs/baker", "#/jobs/cook", "?ref=R-17", "?ref=R-18"].map((rest) => ({
      link: `https://acme.example/careers${rest}`,
    }));
    expect(await store(world, "jsonld", drafts)).toEqual({ stored: 4, duplicates: 0 });
    expect(await world.query("select job_link as link from jobs order by id")).toEqual(drafts);
  });

  it("level 2 within a list: stored once, seen twice", async () => {
    const world = await createWorld({ at: AT });
    const link = "https://acme.example/jobs/1";
    expect(await store(world, "lever", [{ link }, { link: `${link}#apply` }])).toEqual({
      stored: 1,
      duplicates: 1,
    });
    expect(await stored(world)).toHaveLength(1);
    expect(await sightings(world)).toHaveLength(2);
  });

  it("level 3: the same company, title and place is a copy, kept in a cluster", async () => {
    const world = await createWorld({ at: AT });
    await store(world, "remotive", [{ title: "Sr. Engineer (m/f/d)", company: "Acme GmbH" }]);
    expect(
      await store(world, "lever", [{ title: "Senior Engineer", description: textOf(99) }]),
    ).toMatchObject({
      duplicates: 1,
    });
    const [first, second] = await stored(world);
    // The employer's own board is shown.
    expect(first).toMatchObject({ source: "remotive", cluster: first?.id, is_preferred: false });
    expect(second).toMatchObject({ source: "lever", cluster: first?.id, is_preferred: true });
  });

  it("level 4: a similar text of the same company and place is a copy, another place is not", async () => {
    const world = await createWorld({ at: AT });
    const changed = `${textOf(1)} apply by friday`;
    await store(world, "remotive", [{ title: "Data Analyst", description: textOf(1) }]);
    const counts = await store(world, "remoteok", [
      { title: "Analyst for data", description: changed },
      { title: "Analyst of data", description: changed, location: "Hamburg" },
      { title: "Analyst in data", description: changed, company: "Other" },
    ]);
    expect(counts).toEqual({ stored: 2, duplicates: 1 });
    expect((await stored(world)).filter(({ cluster }) => cluster !== null)).toHaveLength(2);
    // What has the same content key as a copy joins the cluster of its original.
    await store(world, "adzuna", [{ title: "Analyst for Data", description: textOf(7) }]);
    const clustered = (await stored(world)).filter(({ cluster }) => cluster !== null);
    expect(clustered).toHaveLength(3);
    expect(new Set(clustered.map(({ cluster }) => cluster)).size).toBe(1);
    expect(clustered.filter((posting) => posting.is_preferred)).toHaveLength(1);
  });

  it("a company with 5,000 postings is stored, each by itself", async () => {
    const world = await createWorld({ at: AT });
    const drafts = Array.from({ length: 5_000 }, (_, n) => ({
      title: `Opening ${n}x`,
      description: textOf(n),
    }));
    for (let at = 0; at < drafts.length; at += 1_000) {
      const part = drafts.slice(at, at + 1_000).map((draft, n) => {
        const own = `${at + n}`;
        return { ...draft, id: own, link: `https://acme.example/${own}` };
      });
      expect(await store(world, "greenhouse", part)).toEqual({ stored: 1_000, duplicates: 0 });
    }
  });

  it("thousands of postings of one template are one cluster, compared with one original", async () => {
    const world = await createWorld({ at: AT });
    const drafts = Array.from({ length: 2_000 }, (_, n) => ({
      title: `Courier ${n}z`,
      description: `${textOf(1)} n${n}`,
    }));
    expect(await store(world, "greenhouse", drafts)).toEqual({ stored: 1, duplicates: 1_999 });
    const [summary] = await world.query(
      `select count(distinct cluster)::int as clusters, count(*) filter (where is_preferred)::int as shown,
              (select count(distinct posting_id)::int from posting_buckets) as compared from jobs`,
    );
    expect(summary).toEqual({ clusters: 1, shown: 1, compared: 1 });
  });
});
