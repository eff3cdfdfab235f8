import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, onTestFinished } from "vitest";
import { duckClip } from "../../../src/dev/demo/demo-clip.ts";
import { checkFile } from "../../../src/media/read-file.ts";
import { openGuardedThreads } from "../../../src/threads/guarded-threads.ts";
import { LIMITS, NO_PREVIEWS, storeOf } from "../../support/media.ts";

const guarded = openGuardedThreads();
afterAll(() => guarded.close());

it("the metadata of the demo's clip is read correctly", async () => {
  const signal = new AbortController().signal;
  const store = storeOf(duckClip());
  const reader = { store, guarded, limits: LIMITS, previews: NO_PREVIEWS, witnesses: [], signal };
  expect((await checkFile(reader, { key: "file", kind: "VIDEO" })).verdict).toEqual({
    status: "READY",
    metadata: {
      kind: "VIDEO",
      mimeType: "video/mp4",
      width: 160,
      height: 96,
      durationMs: 2_000,
      details: { container: "mp4", videoCodec: "avc", frameRate: 10, bitRate: expect.any(Number) },
    },
  });
});

it("every picture of it is decoded by ffmpeg", async ({ skip }) => {
  skip(spawnSync("ffmpeg", ["-version"]).status !== 0, "ffmpeg is not installed");
  const folder = await mkdtemp(join(tmpdir(), "clip-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "duck.mp4");
  await writeFile(path, duckClip());
  const { stdout, stderr, status } = spawnSync(
    "ffmpeg",
    ["-v", "error", "-xerror", "-i", path, "-f", "framehash", "-"],
    { encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([0, ""]);
  const pictures = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(pictures).toHaveLength(20);
  // The duck moves: no two pictures are the same.
  expect(new Set(pictures.map((line) => line.split(",").at(-1))).size).toBe(20);
});
