import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MediaStore } from "../../src/ports/media-store/media-store.ts";
import { eraseUser } from "../../src/workers/maintenance/erase-user.ts";
import { mediaMetadataAll } from "../../src/workers/media/media-metadata-all.ts";
import { mediaMetadataBatch } from "../../src/workers/media/media-metadata-batch.ts";
import { mediaOrphanCleanup } from "../../src/workers/media/media-orphan-cleanup.ts";
import { performRanged } from "../support/jobs.ts";
import { ALL_PREVIEWS, hollowPng, mediaFixture, mediaScene, NO_PREVIEWS } from "../support/media.ts";

const ALL = { MEDIA_PREVIEWS: "thumbhash, thumbnail, waveform" };

const BATCH = { batchSize: 50, maxAgeHours: 24, pauseMs: 0 };

async function scene(environment: Record<string, string> = ALL) {
  const media = await mediaScene({ environment });
  const stored = () =>
    media.world.query<{ media_id: string; thumbhash: number; thumbnail: number; waveform: number }>(
      `select media_id, length(thumbhash) as thumbhash, length(thumbnail) as thumbnail, cardinality(waveform) as waveform
       from media_previews order by media_id`,
    );
  return { ...media, stored };
}

describe("previews", () => {
  it("are not made unless they are enabled", async () => {
    const { upload, check, stored } = await scene({});
    await check(await upload("picture.png", mediaFixture("picture.png"), "IMAGE"));
    expect(await stored()).toEqual([]);
  });

  it("are stored of images and sounds that are READY, and counted", async () => {
    const { upload, check, stored } = await scene();
    const image = await upload("picture.jpg", mediaFixture("picture.jpg"), "IMAGE");
    const sound = await upload("tone.mp3", mediaFixture("tone.mp3"), "AUDIO");
    const refused = await upload("picture.png", mediaFixture("picture.png"), "VIDEO");
    expect(await check(image)).toMatchObject({ counts: { ready: 1, previews: 1 } });
    expect(await check(sound)).toMatchObject({ counts: { ready: 1, previews: 1 } });
    expect(await check(refused)).toMatchObject({ counts: { rejected: 1 } });
    const some = expect.any(Number);
    expect(await stored()).toEqual([
      { media_id: image, thumbhash: some, thumbnail: some, waveform: null },
      { media_id: sound, thumbhash: null, thumbnail: null, waveform: 200 },
    ]);
  });

  it("are shown to hosts by the id that they know, while the file is READY", async () => {
    const { world, upload, check, put } = await scene();
    const image = await upload("picture.png", mediaFixture("picture.png"), "IMAGE");
    await world.query("update media set host_id = 'm-1' where id = $1", [image]);
    await check(image);
    const shown = async () => ({
      media: await world.query(
        `select id, thumbhash, waveform from ${world.config.resultsSchema}.media where thumbhash is not null`,
      ),
      thumbnails: await world.query(
        `select media_id, thumbnail from ${world.config.resultsSchema}.media_thumbnails`,
      ),
    });
    expect(await shown()).toEqual({
      media: [{ id: "m-1", thumbhash: expect.stringMatching(/^[\w+/]+=*$/), waveform: null }],
      thumbnails: [{ media_id: "m-1", thumbnail: expect.any(Buffer) }],
    });
    await put("picture.png", Buffer.from("no picture any more"));
    await check(image);
    expect(await shown()).toEqual({ media: [], thumbnails: [] });
  });

  it("that exist are not deleted when none can be made", async () => {
    const { world, upload, check, stored } = await scene();
    const image = await upload("picture.png", mediaFixture("picture.png"), "IMAGE");
    await check(image);
    const before = await stored();
    await world.query("update media_previews set waveform = '{1,2}' where media_id = $1", [image]);
    await check(image);
    expect(await stored()).toEqual([{ ...before[0], waveform: 2 }]);
  });

  it("are made of files that were READY before they were enabled, once, by media-metadata-all", async () => {
    const { world, folder, upload, check, stored, put, record } = await scene({});
    const image = await upload("picture.jpg", mediaFixture("picture.jpg"), "IMAGE");
    const sound = await upload("tone.mp3", mediaFixture("tone.mp3"), "AUDIO");
    const silent = await upload("tone.m4a", mediaFixture("tone.m4a"), "AUDIO");
    const clip = await upload("clip.mp4", mediaFixture("clip.mp4"), "VIDEO");
    const replaced = await upload("b.png", mediaFixture("picture.png"), "IMAGE");
    const gone = await upload("c.png", mediaFixture("picture.png"), "IMAGE");
    const known = [image, sound, silent, clip, replaced, gone];
    for (const id of known) await check(id);
    await put("b.png", Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"));
    await rm(join(folder, "c.png"));
    const before = await Promise.all(known.map(record));
    expect(await stored()).toEqual([]);
    Object.assign(world.settings.media, { previews: { ...NO_PREVIEWS, thumbhash: true, waveform: true } });
    const counts = { ready: 0, rejected: 0, failed: 0 };
    expect((await performRanged(world, mediaMetadataBatch, BATCH)).counts).toEqual(counts);
    expect((await performRanged(world, mediaMetadataAll, {})).counts).toEqual({ ...counts, previews: 2 });
    const some = expect.any(Number);
    expect(await stored()).toEqual([
      { media_id: image, thumbhash: some, thumbnail: null, waveform: null },
      { media_id: sound, thumbhash: null, thumbnail: null, waveform: 200 },
      ...[silent, replaced, gone].map((id) => ({
        media_id: id,
        thumbhash: null,
        thumbnail: null,
        waveform: null,
      })),
    ]);
    expect(await Promise.all(known.map(record)), "the verdicts").toEqual(before);
    expect((await performRanged(world, mediaMetadataAll, {})).counts).toEqual(counts);
    Object.assign(world.settings.media, { previews: ALL_PREVIEWS });
    expect((await performRanged(world, mediaMetadataAll, {})).counts).toEqual({ ...counts, previews: 1 });
    expect((await stored())[0]).toEqual({
      media_id: image,
      thumbhash: some,
      thumbnail: some,
      waveform: null,
    });
  });

  it("do not stay with another file under the same key, whether or not one can be made of it", async () => {
    const { upload, put, check, stored, record } = await scene();
    const image = await upload("a.png", mediaFixture("picture.png"), "IMAGE");
    await check(image);
    expect(await stored()).toMatchObject([{ thumbhash: expect.any(Number) }]);
    await put("a.png", hollowPng(64, 48));
    await check(image);
    expect(await record(image)).toMatchObject({ status: "READY" });
    expect(await stored()).toMatchObject([{ thumbhash: null, thumbnail: null }]);
  });

  it("are deleted with the file that they were made of", async () => {
    const { world, upload, check, stored, ownerId } = await scene();
    const replaced = await upload("a.png", mediaFixture("picture.png"), "IMAGE");
    await check(replaced);
    await world.query("update media set visibility = 'PRIVATE' where id = $1", [replaced]);
    expect(await stored()).toHaveLength(1);
    await world.query("update media set storage_key = 'b.png', status = 'UPLOADED' where id = $1", [
      replaced,
    ]);
    expect(await stored()).toEqual([]);

    const deleted = await upload("c.png", mediaFixture("picture.png"), "IMAGE");
    await check(deleted);
    await world.query("delete from media where id = $1", [deleted]);
    expect(await stored()).toEqual([]);

    const owned = await upload("d.png", mediaFixture("picture.png"), "IMAGE");
    await check(owned);
    expect(await stored()).toHaveLength(1);
    await performRanged(world, eraseUser, { userId: ownerId, actor: "ann", reason: "asked for it" });
    expect(await stored()).toEqual([]);
  });

  it("of orphans are deleted with them", async () => {
    const { world, upload, stored } = await scene({ MEDIA_DELETE_ORPHANS: "true" });
    const png = mediaFixture("picture.png");
    const orphan = await upload("picture.png", png, "IMAGE", { createdAt: "2026-01-01T00:00:00Z" });
    await world.query("insert into media_previews (media_id, thumbhash, made_at) values ($1, '1', now())", [
      orphan,
    ]);
    expect(await performRanged(world, mediaOrphanCleanup, {})).toMatchObject({ counts: { deleted: 1 } });
    expect(await stored()).toEqual([]);
  });

  it("are not stored of a record that is deleted or given another file while its file is read", async () => {
    const { world, upload, check, stored } = await scene();
    const store = world.ports.mediaStore as MediaStore;
    for (const change of [
      "delete from media where id = $1",
      "update media set storage_key = 'b.png' where id = $1",
    ]) {
      const image = await upload("a.png", mediaFixture("picture.png"), "IMAGE");
      const open: MediaStore["open"] = async (key, signal) => {
        await world.query(change, [image]);
        return store.open(key, signal);
      };
      Object.assign(world.ports, { mediaStore: { ...store, open } });
      expect(await check(image)).toMatchObject({ counts: { ready: 0, overtaken: 1 } });
      expect(await stored()).toEqual([]);
    }
  });
});
