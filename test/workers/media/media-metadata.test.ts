import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resolveReference } from "../../../src/db/references.ts";
import { type MediaStore, StoreUnavailable } from "../../../src/ports/media-store/media-store.ts";
import { rangeName } from "../../../src/queues/catalogue.ts";
import { mediaMetadata } from "../../../src/workers/media/media-metadata.ts";
import { notifyFanOut } from "../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { recordHostEvent } from "../../../src/workers/notifications/host/record-host-event.ts";
import { performRanged } from "../../support/jobs.ts";
import { DURATIONS, FIXTURES, hollowPng, mediaFixture, mediaScene } from "../../support/media.ts";
import { fakeS3, s3Error } from "../../support/s3.ts";

/** What the fixtures contain besides pictures and sound (test/media/fixtures/make-fixtures.sh). */
const SECRETS = ["canary", "48.8583", "2.2945", "330.25", "owner", "serial", "gps"];

describe("media-metadata", () => {
  // Regression 7.
  it("stores the real metadata of a file", async () => {
    const { upload, check, record } = await mediaScene({ at: "2026-06-02T06:00:00Z" });
    for (const [name, expected] of Object.entries(FIXTURES)) {
      const bytes = mediaFixture(name);
      const id = await upload(`${name}.bin`, bytes, expected.kind);
      expect(await check(id), name).toMatchObject({ done: 1, counts: { ready: 1, rejected: 0, failed: 0 } });
      const durationMs = DURATIONS[name];
      expect(await record(id), name).toMatchObject({
        status: "READY",
        mime_type: expected.mimeType,
        width: expected.width ?? null,
        height: expected.height ?? null,
        duration_ms: durationMs === undefined ? null : String(durationMs),
        size_bytes: String(bytes.length),
        details: expected.details,
        rejections: null,
        fault: null,
        failures: 0,
        checked_at: expect.stringMatching(/^2026-06-02 06:00:00/),
      });
    }
    const id = await upload("nonsense.mp4", Buffer.from("no video at all"), "VIDEO");
    await check(id);
    expect(await record(id)).toMatchObject({ status: "FAILED_PROCESSING", fault: "unknown-type" });
  });

  it("stores no place, name, serial number or other text of a file", async () => {
    const { world, upload, check } = await mediaScene();
    for (const [name, { kind }] of Object.entries(FIXTURES)) {
      const bytes = mediaFixture(name);
      await check(await upload(name.replace(/\W/g, "-"), bytes, kind));
    }
    expect(mediaFixture("picture.jpg").includes("CANARY-SERIAL")).toBe(true);
    expect(mediaFixture("rotated.mov").includes("+48.8583+002.2945/")).toBe(true);
    const rows = await world.query<{ row: string }>(
      "select lower((to_jsonb(m) - 'owner_id')::text) as row from media m",
    );
    expect(rows).toHaveLength(Object.keys(FIXTURES).length);
    for (const { row } of rows) for (const secret of SECRETS) expect(row).not.toContain(secret);
  });

  // Regression 8.
  it("a second check never replaces a known value by nothing", async () => {
    const { upload, put, check, record } = await mediaScene();
    const id = await upload("clip.mp4", mediaFixture("clip.mp4"), "VIDEO");
    await check(id);
    const known = await record(id);
    await put("clip.mp4", mediaFixture("clip.mp4").subarray(0, 2_000));
    expect(await check(id)).toMatchObject({ counts: { failed: 1 } });
    const { mime_type, width, height, duration_ms, details } = known;
    const kept = { mime_type, width, height, duration_ms, details };
    expect(await record(id)).toMatchObject({ status: "FAILED_PROCESSING", fault: "truncated", ...kept });
    // The sound of the same clip: the size of the picture is not known from it.
    await put("clip.mp4", mediaFixture("tone.m4a"));
    await check(id);
    expect(await record(id)).toMatchObject({ status: "REJECTED", width, height });
    await put("clip.mp4", mediaFixture("clip.mp4"));
    await check(id);
    expect(await record(id)).toMatchObject({
      status: "READY",
      fault: null,
      rejections: null,
      failures: 0,
      ...kept,
    });
  });

  it("rejects files above the configured limits, with the values", async () => {
    const { upload, check, record } = await mediaScene({
      environment: { MEDIA_VIDEO_MAX_SIZE: "48x32", MEDIA_MAX_SECONDS: "1" },
    });
    const image = await upload("huge.png", hollowPng(14_000, 14_000), "IMAGE");
    await check(image);
    expect(await record(image)).toMatchObject({
      status: "REJECTED",
      width: 14_000,
      rejections: [{ reason: "too-large", width: 14_000, height: 14_000, maxWidth: 8_192, maxHeight: 8_192 }],
    });
    const clip = await upload("clip.mkv", mediaFixture("clip.mkv"), "VIDEO");
    await check(clip);
    expect(await record(clip)).toMatchObject({
      rejections: [
        { reason: "too-long", seconds: 1.023, maxSeconds: 1 },
        { reason: "too-large", width: 64, height: 48, maxWidth: 48, maxHeight: 32 },
      ],
    });
  });

  it("fails clearly for an id that no record has", async () => {
    const { world } = await mediaScene();
    expect(await world.perform(mediaMetadata, { mediaId: "4711" })).toMatchObject({
      dead: 1,
      reasons: { "Cancel: there is no media record 4711": 1 },
    });
    expect(await resolveReference(world.db.drizzle, "media", "4711")).toBeNull();
  });

  it("skips another kind or status, and says why", async () => {
    const { insert, check, record } = await mediaScene();
    const embed = await insert("x", "EMBED");
    expect(await check(embed)).toMatchObject({ reasons: { "media of kind EMBED has no file to check": 1 } });
    const gone = await insert("x", "IMAGE", { status: "DELETED" });
    expect(await check(gone)).toMatchObject({ reasons: { "media in status DELETED is not checked": 1 } });
    const keyless = await insert(null, "IMAGE");
    expect(await check(keyless)).toMatchObject({ reasons: { "the record has no storage key": 1 } });
    expect(await record(gone)).toMatchObject({ status: "DELETED", checked_at: null });
  });

  it("does nothing without a store, and says so", async () => {
    const { insert, check } = await mediaScene({ environment: { MEDIA_FOLDER: "" } });
    expect(await check(await insert("x", "IMAGE"))).toMatchObject({
      reasons: { "MEDIA_FOLDER and MEDIA_S3_BUCKET are not set": 1 },
    });
  });

  it("a dry run reads no file and changes nothing", async () => {
    const { world, upload, record } = await mediaScene();
    const id = await upload("clip.mp4", mediaFixture("clip.mp4"), "VIDEO");
    expect(await world.dryRun(mediaMetadata, { mediaId: id })).toMatchObject({
      fault: null,
      requests: [{ media: [id] }],
      counts: { ready: 0, rejected: 0, failed: 0 },
    });
    expect(await record(id)).toMatchObject({ status: "UPLOADED", checked_at: null });
  });

  it("is run at once for an event of the host about a file, by the host's id", async () => {
    const { world, upload, record } = await mediaScene();
    const id = await upload("a.png", mediaFixture("picture.png"), "IMAGE");
    await world.query("update media set host_id = 'file-1' where id = $1", [id]);
    const [emitted] = await world.query<{ id: string }>(
      "select emit('media.uploaded', '{\"media_id\": \"file-1\"}') as id",
    );
    await world.run(recordHostEvent, [emitted!.id]);
    const [fanOut] = await world.enqueued(notifyFanOut);
    await world.run(notifyFanOut, [fanOut!.id]);
    expect((await world.enqueued(mediaMetadata)).map(({ key }) => key)).toEqual([id]);
    await performRanged(world, mediaMetadata, { mediaId: id });
    expect(await record(id)).toMatchObject({ status: "READY" });
  });

  it("hostile keys fail the record and reach nothing", async () => {
    const { folder, insert, check, record } = await mediaScene();
    await writeFile(join(folder, "..", "outside.png"), hollowPng(1, 1));
    for (const key of ["../outside.png", "/etc/passwd", "a/../../outside.png"]) {
      const id = await insert(key, "IMAGE");
      await check(id);
      expect(await record(id), key).toMatchObject({
        status: "FAILED_PROCESSING",
        fault: "bad-key",
        width: null,
      });
    }
    await rm(join(folder, "..", "outside.png"));
  });

  it("leaves a record alone that is deleted, changed or checked while its file is read", async () => {
    const { world, put, upload, check, record } = await mediaScene();
    const store = world.ports.mediaStore as MediaStore;
    const clip = mediaFixture("clip.mp4");
    const checkWhile = async (id: string, change: string) => {
      const open: MediaStore["open"] = async (key, signal) => {
        await world.query(change, [id]);
        return store.open(key, signal);
      };
      Object.assign(world.ports, { mediaStore: { ...store, open } });
      return (await check(id)).counts;
    };
    const overtaken = { ready: 0, rejected: 0, failed: 0, overtaken: 1 };
    const deleted = await upload("a.mp4", clip, "VIDEO");
    expect(await checkWhile(deleted, "delete from media where id = $1")).toEqual(overtaken);
    await put("c.mp4", clip);
    const replaced = await upload("b.mp4", clip, "VIDEO");
    const otherKey = "update media set storage_key = 'c.mp4' where id = $1";
    expect(await checkWhile(replaced, otherKey)).toEqual(overtaken);
    expect(await record(replaced)).toMatchObject({ status: "UPLOADED", width: null });
    const taken = await upload("d.mp4", clip, "VIDEO");
    expect(await checkWhile(taken, "update media set status = 'DELETED' where id = $1")).toEqual(overtaken);
    expect(await record(taken)).toMatchObject({ status: "DELETED", width: null });
    const checked = await upload("e.mp4", clip, "VIDEO");
    const byAnother = "update media set checked_at = now(), width = 1 where id = $1";
    expect(await checkWhile(checked, byAnother)).toEqual(overtaken);
    expect(await record(checked)).toMatchObject({ status: "UPLOADED", width: 1 });
  });
});

describe("a store that is away", () => {
  it("for an hour fails no record and uses no attempt", async () => {
    const s3 = await fakeS3();
    s3.objects.set("clip.mp4", mediaFixture("clip.mp4"));
    const { world, insert, record } = await mediaScene({
      environment: {
        MEDIA_FOLDER: "",
        MEDIA_S3_BUCKET: s3.config.bucket,
        MEDIA_S3_ENDPOINT: s3.endpoint,
        MEDIA_S3_ACCESS_KEY_ID: "key",
        MEDIA_S3_SECRET_ACCESS_KEY: "secret",
      },
    });
    s3.answer = (_request, response) => s3Error(response, 503, "SlowDown", { "retry-after": "600" });
    const id = await insert("clip.mp4", "VIDEO");
    await world.perform(mediaMetadata, { mediaId: id });
    const range = { name: rangeName(mediaMetadata) };
    for (let minute = 0; minute < 60; minute++) {
      const [entry] = await world.enqueued(range);
      expect(await world.run(range, [entry?.id ?? ""])).toMatchObject({ snoozed: 1, retry: 0, dead: 0 });
      world.at(new Date(world.clock.now().getTime() + 60_000).toISOString());
      await world.skipBackOff();
    }
    expect(await world.enqueued(range)).toMatchObject([{ attempts: 0 }]);
    expect(await record(id)).toMatchObject({ status: "UPLOADED", failures: 0, fault: null });
    // Its circuit is open: of sixty tries one reached it.
    expect(s3.requests).toHaveLength(1);
  });

  it("has lost all of its files: none of them fails; a file that is missing alone does", async () => {
    const { world, folder, upload, check, record } = await mediaScene();
    await check(await upload("before.mp4", mediaFixture("clip.mp4"), "VIDEO"));
    const id = await upload("clip.mp4", mediaFixture("clip.mp4"), "VIDEO");
    await world.perform(mediaMetadata, { mediaId: id });
    const range = { name: rangeName(mediaMetadata) };
    const [entry] = await world.enqueued(range);
    // A folder whose file system is not mounted is empty.
    await rename(folder, `${folder}.away`);
    await mkdir(folder);
    expect(await world.run(range, [entry?.id ?? ""])).toMatchObject({ snoozed: 1, retry: 0, dead: 0 });
    expect(await record(id)).toMatchObject({ status: "UPLOADED", failures: 0 });
    await rm(folder, { recursive: true });
    await rename(`${folder}.away`, folder);
    await rm(join(folder, "clip.mp4"));
    await world.skipBackOff();
    expect(await world.run(range, [entry?.id ?? ""])).toMatchObject({ done: 1, counts: { failed: 1 } });
    expect(await record(id)).toMatchObject({ status: "FAILED_PROCESSING", fault: "missing", failures: 1 });
  });

  it("refuses a single file: that file is left unchecked, and the run ends", async () => {
    const { world, upload, check, record } = await mediaScene();
    await check(await upload("before.mp4", mediaFixture("clip.mp4"), "VIDEO"));
    const store = world.ports.mediaStore as MediaStore;
    const open: MediaStore["open"] = async (key, signal) => {
      if (key === "refused.mp4") throw new StoreUnavailable("status 403");
      return store.open(key, signal);
    };
    Object.assign(world.ports, { mediaStore: { ...store, open } });
    const id = await upload("refused.mp4", mediaFixture("clip.mp4"), "VIDEO");
    expect(await check(id)).toMatchObject({ done: 1, counts: { unread: 1, failed: 0 } });
    expect(await record(id)).toMatchObject({ status: "UPLOADED", failures: 0, fault: null });
  });
});
