import { describe, expect, it } from "vitest";
import { rangeName } from "../../../src/queues/catalogue.ts";
import { mediaMetadataBatch } from "../../../src/workers/media/media-metadata-batch.ts";
import { performRanged } from "../../support/jobs.ts";
import { mediaFixture, mediaScene } from "../../support/media.ts";
import { recordStatements, rowsPassedOver } from "../../support/statements.ts";

const AT = "2026-06-02T06:00:00Z";
const DEFAULTS = { batchSize: 50, maxAgeHours: 24, pauseMs: 0 };

describe("media-metadata-batch", () => {
  it("checks the unchecked records of the last hours, in ranges of a batch", async () => {
    const { world, upload, insert, record } = await mediaScene({ at: AT });
    const png = mediaFixture("picture.png");
    const recent = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => upload(`${n}.png`, png, "IMAGE", { createdAt: "2026-06-02T03:00:00Z" })),
    );
    const old = await upload("old.png", png, "IMAGE", { createdAt: "2026-06-01T05:59:00Z" });
    const embed = await insert("6.png", "EMBED");
    const ready = await insert("1.png", "IMAGE", { status: "READY" });
    await world.perform(mediaMetadataBatch, { ...DEFAULTS, batchSize: 2 });
    expect(await world.enqueued({ name: rangeName(mediaMetadataBatch) })).toHaveLength(3);
    await world.query("delete from outbox");
    const tally = await performRanged(world, mediaMetadataBatch, { ...DEFAULTS, batchSize: 2 });
    expect(tally.counts).toEqual({ ready: 5, rejected: 0, failed: 0 });
    for (const id of recent) expect(await record(id)).toMatchObject({ status: "READY", width: 64 });
    for (const id of [old, embed, ready]) expect((await record(id)).checked_at).toBeNull();
    const wider = await performRanged(world, mediaMetadataBatch, { ...DEFAULTS, maxAgeHours: 48 });
    expect(wider.counts).toEqual({ ready: 1, rejected: 0, failed: 0 });
  });

  it("checks a record again whose file was replaced, however old it is, and shows nothing of the file before", async () => {
    const { world, put, upload, check, record } = await mediaScene({ at: AT });
    const [old, rejected] = [
      await upload("a.png", mediaFixture("picture.png"), "IMAGE", { createdAt: "2019-01-01T00:00:00Z" }),
      await upload("b.mp3", mediaFixture("tone.mp3"), "IMAGE", { createdAt: "2019-01-01T00:00:00Z" }),
    ];
    await check(old);
    await check(rejected);
    expect([await record(old), await record(rejected)]).toMatchObject([
      { status: "READY" },
      { status: "REJECTED" },
    ]);
    await put("c.jpg", mediaFixture("picture.jpg"));
    await world.query("update media set storage_key = 'c.jpg'");
    for (const id of [old, rejected])
      expect(await record(id)).toMatchObject({
        status: "UPLOADED",
        mime_type: null,
        size_bytes: null,
        width: null,
        duration_ms: null,
        details: {},
        rejections: null,
        failures: 0,
      });
    expect((await performRanged(world, mediaMetadataBatch, DEFAULTS)).counts).toMatchObject({ ready: 2 });
    for (const id of [old, rejected])
      expect(await record(id)).toMatchObject({ status: "READY", mime_type: "image/jpeg", width: 48 });
    expect((await performRanged(world, mediaMetadataBatch, DEFAULTS)).counts).toMatchObject({ ready: 0 });
  });

  it("checks a record that failed three more times, and not again", async () => {
    const { world, upload, record } = await mediaScene({ at: AT });
    const id = await upload("junk.mp4", Buffer.from("junk"), "VIDEO");
    for (let failures = 1; failures <= 4; failures++) {
      expect((await performRanged(world, mediaMetadataBatch, DEFAULTS)).counts).toMatchObject({ failed: 1 });
      expect(await record(id)).toMatchObject({ status: "FAILED_PROCESSING", failures });
    }
    expect((await performRanged(world, mediaMetadataBatch, DEFAULTS)).counts).toEqual({
      ready: 0,
      rejected: 0,
      failed: 0,
    });
    expect(await record(id)).toMatchObject({ failures: 4 });
  });

  it("cuts a large backlog into a bounded number of ranges, each record in one, without reading checked ones", async () => {
    const { world, ownerId } = await mediaScene();
    await world.query(
      `insert into media (owner_id, kind, status, storage_key)
       select $1, 'IMAGE', case when n % 10 = 0 then 'UPLOADED' else 'READY' end, 'k' || n
       from generate_series(1, 25000) n`,
      [ownerId],
    );
    await world.query("analyze media");
    const small = { ...DEFAULTS, batchSize: 1 };
    const statements = await recordStatements(world, () => world.perform(mediaMetadataBatch, small));
    const cut = statements.find(({ text }) => text.includes("from media m"));
    expect(await rowsPassedOver(world, cut!, "media")).toBe(0);
    const ranges = await world.query<{ from: string; to: string }>(
      `select payload->'range'->>'from' as "from", payload->'range'->>'to' as "to" from outbox where job = $1 order by id`,
      [rangeName(mediaMetadataBatch)],
    );
    expect(ranges.length).toBeLessThanOrEqual(1_000);
    const [covered] = await world.query<{ n: number; most: number }>(
      `select sum(n)::int as n, max(n)::int as most from unnest($1::bigint[], $2::bigint[]) as r(a, b)
       cross join lateral (select count(*) as n from media m where m.id between r.a and r.b and m.status = 'UPLOADED') c`,
      [ranges.map(({ from }) => from), ranges.map(({ to }) => to)],
    );
    expect(covered).toEqual({ n: 2_500, most: 3 });
  });

  it("has the defaults of its options", () => {
    expect(mediaMetadataBatch.payload.parse({})).toEqual({ batchSize: 50, maxAgeHours: 24, pauseMs: 100 });
  });

  it("does nothing without a store, and says so", async () => {
    const { world, insert } = await mediaScene({ environment: { MEDIA_FOLDER: "" } });
    await insert("x", "IMAGE");
    expect(await performRanged(world, mediaMetadataBatch, DEFAULTS)).toMatchObject({
      reasons: { "MEDIA_FOLDER and MEDIA_S3_BUCKET are not set": 1 },
    });
  });
});
