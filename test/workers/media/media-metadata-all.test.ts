import { describe, expect, it } from "vitest";
import { mediaMetadataAll } from "../../../src/workers/media/media-metadata-all.ts";
import { performRanged } from "../../support/jobs.ts";
import { mediaFixture, mediaScene } from "../../support/media.ts";

describe("media-metadata-all", () => {
  it("checks all unchecked records, whatever their age, and reports its progress", async () => {
    const { world, upload, record } = await mediaScene({ at: "2026-06-02T06:00:00Z" });
    const old = await upload("old.png", mediaFixture("picture.png"), "IMAGE", {
      createdAt: "2019-01-01T00:00:00Z",
    });
    const validating = await upload("b.mp3", mediaFixture("tone.mp3"), "AUDIO", { status: "VALIDATING" });
    expect((await performRanged(world, mediaMetadataAll, {})).counts).toEqual({
      ready: 2,
      rejected: 0,
      failed: 0,
    });
    expect(await record(old)).toMatchObject({ status: "READY" });
    expect(await record(validating)).toMatchObject({ status: "READY", details: { channels: 1 } });
    const [run] = await world.query("select status, total, pending from job_runs where job = $1", [
      mediaMetadataAll.name,
    ]);
    expect(run).toMatchObject({ status: "done", total: 1, pending: 0 });
    expect((await performRanged(world, mediaMetadataAll, {})).counts).toEqual({
      ready: 0,
      rejected: 0,
      failed: 0,
    });
  });
});
