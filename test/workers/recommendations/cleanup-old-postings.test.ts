import { describe, expect, it } from "vitest";
import { listRuns } from "../../../src/queues/runs.ts";
import { cleanupOldPostings } from "../../../src/workers/recommendations/cleanup-old-postings.ts";
import { applicant } from "../../support/recommendations.ts";
import { createWorld, type World } from "../../support/world.ts";

const AT = "2026-06-30T00:10:00Z";

async function cleanUp(world: World): Promise<Record<string, number>> {
  const tally = await world.perform(cleanupOldPostings, {});
  await world.drain();
  return tally.counts;
}

/** Inserts a posting of a list. @returns its id. */
async function posting(
  world: World,
  fields: { source?: string; closedAt?: string; validThrough?: string; seenAt?: string } = {},
): Promise<string> {
  const { source = "remotive", closedAt = null, validThrough = null, seenAt = AT } = fields;
  await world.query("insert into posting_listings (source) values ($1) on conflict do nothing", [source]);
  const [row] = await world.query<{ id: string }>(
    `insert into jobs (title, company, source, source_id, status, closed_at, valid_through)
     values ('Engineer', 'Acme', $1, gen_random_uuid(), case when $2::timestamptz is null then 'open' else 'closed' end, $2, $3)
     returning id`,
    [source, closedAt, validThrough],
  );
  const id = row!.id;
  if (source !== "host")
    await world.query(
      `insert into posting_sightings (source, source_id, posting_id, seen_at, content_hash)
       select source, source_id, id, $2, 'x' from jobs where id = $1`,
      [id, seenAt],
    );
  return id;
}

const listing = (world: World, source: string, succeededAt: string, triedAt = succeededAt) =>
  world.query("update posting_listings set succeeded_at = $2, tried_at = $3 where source = $1", [
    source,
    succeededAt,
    triedAt,
  ]);

const open = async (world: World): Promise<string[]> =>
  (await world.query<{ id: string }>("select id from jobs where status = 'open' order by id")).map(
    ({ id }) => id,
  );

describe("cleanup-old-postings", () => {
  it("closes postings whose last day is over", async () => {
    const world = await createWorld({ at: AT });
    await posting(world, { validThrough: "2026-06-29T23:59:00Z" });
    const later = await posting(world, { validThrough: "2026-07-01T00:00:00Z" });
    expect(await cleanUp(world)).toMatchObject({ expired: 1, unseen: 0, deleted: 0 });
    expect(await open(world)).toEqual([later]);
  });

  it("closes postings that a search engine has not listed for thirty days, counted until its last success", async () => {
    const world = await createWorld({ at: AT });
    await posting(world, { seenAt: "2026-05-29T00:00:00Z" });
    const seen = await posting(world, { seenAt: "2026-06-02T00:00:00Z" });
    await listing(world, "remotive", "2026-06-30T00:00:00Z");
    // An outage that began before the thirty days were over.
    const outage = await posting(world, { source: "remoteok", seenAt: "2026-05-20T00:00:00Z" });
    await listing(world, "remoteok", "2026-05-21T00:00:00Z", AT);
    // A full list closes by what it does not contain.
    const full = await posting(world, { source: "greenhouse", seenAt: "2026-01-01T00:00:00Z" });
    await listing(world, "greenhouse", "2026-06-30T00:00:00Z");
    expect(await cleanUp(world)).toMatchObject({ unseen: 1 });
    expect(await open(world)).toEqual([seen, outage, full]);
  });

  it("closes the postings of a list that has not been fetched for thirty days", async () => {
    const world = await createWorld({ at: AT });
    await posting(world, { source: "greenhouse", seenAt: "2026-05-01T00:00:00Z" });
    await listing(world, "greenhouse", "2026-05-01T00:00:00Z");
    expect(await cleanUp(world)).toMatchObject({ unseen: 1 });
  });

  // Named regression 4.
  it("cleaning old postings does not cascade into live recommendations: open ones and those closed lately stay", async () => {
    const world = await createWorld({ at: AT });
    const old = await posting(world, { closedAt: "2026-03-31T00:00:00Z" });
    await posting(world, { closedAt: "2026-04-02T00:00:00Z" });
    await posting(world, { seenAt: "2026-06-29T00:00:00Z" });
    await posting(world, { source: "host", closedAt: "2020-01-01T00:00:00Z" });
    await world.query("update jobs set scraped_at = '2020-01-01'");
    await world.query("insert into posting_buckets (bucket, posting_id) select 1, id from jobs");
    expect(await cleanUp(world)).toMatchObject({ deleted: 1 });
    for (const [table, column, others] of [
      ["jobs", "id", 3],
      ["posting_buckets", "posting_id", 3],
      // A host's own postings are in no list.
      ["posting_sightings", "posting_id", 2],
    ] as const)
      expect([
        table,
        await world.query(
          `select count(*)::int as n, (count(*) filter (where ${column} = $1))::int as old from ${table}`,
          [old],
        ),
      ]).toEqual([table, [{ n: others, old: 0 }]]);
    // A recommendation lives three days; the shortest time that a closed posting can be kept is a week.
    await expect(createWorld({ environment: { POSTINGS_DAYS: "6" } })).rejects.toThrow(/POSTINGS_DAYS/);
  });

  it("keeps the postings that somebody saved or applied to, and not those that were dismissed", async () => {
    const world = await createWorld({ at: AT });
    const old = { closedAt: "2026-03-30T00:00:00Z" };
    const [saved, applied, dismissed] = [
      await posting(world, old),
      await posting(world, old),
      await posting(world, old),
    ];
    const user = await applicant(world, []);
    for (const [id, status] of [
      [saved, "saved"],
      [applied, "applied"],
      [dismissed, "dismissed"],
    ])
      await world.query("insert into job_applications (user_id, job_id, status) values ($1, $2, $3)", [
        user,
        id,
        status,
      ]);
    expect(await cleanUp(world)).toMatchObject({ deleted: 1 });
    expect(await world.query("select id from jobs order by id")).toEqual([{ id: saved }, { id: applied }]);
  });

  it("continues when a statement reached its limit of rows", async () => {
    const world = await createWorld({ at: AT });
    await world.query("insert into posting_listings (source) values ('remotive')");
    await world.query(
      `insert into jobs (title, company, source, source_id, status, closed_at)
       select 'Engineer', 'Acme', 'remotive', n::text, 'closed', '2026-03-30' from generate_series(1, 5001) n`,
    );
    await cleanUp(world);
    expect(await world.query("select 1 from jobs")).toEqual([]);
    expect(await listRuns(world.db.drizzle, { job: cleanupOldPostings.name }, 5)).toEqual([]);
  });

  it("deletes old counts of requests and the robots.txt of hosts that are not called any longer", async () => {
    const world = await createWorld({ at: AT });
    await world.query("insert into outside_requests values ('a', '2026-06-22', 1), ('a', '2026-06-30', 1)");
    await world.query("insert into robots_files values ('a', null, '2026-05-01'), ('b', null, '2026-06-29')");
    await cleanUp(world);
    expect(await world.query("select day::text from outside_requests")).toEqual([{ day: "2026-06-30" }]);
    expect(await world.query("select origin from robots_files")).toEqual([{ origin: "b" }]);
  });
});
