import { describe, expect, it } from "vitest";
import { makePreview } from "../../src/media/make-preview.task.ts";
import { ALL_PREVIEWS, mediaFixture } from "../support/media.ts";

const taskOf = (bytes: Uint8Array, kind: "IMAGE" | "AUDIO") => ({
  kind,
  size: bytes.length,
  budget: bytes.length,
  parts: ALL_PREVIEWS,
});

describe("the task that makes previews", () => {
  it("asks for ranges of the file, and gives plain data", async () => {
    for (const [name, kind] of [
      ["picture.webp", "IMAGE"],
      ["tone.flac", "AUDIO"],
    ] as const) {
      const bytes = mediaFixture(name);
      const ask = async ({ start, length }: { start: number; length: number }) =>
        bytes.subarray(start, start + length);
      const preview = await makePreview(taskOf(bytes, kind), ask);
      expect(preview, name).not.toBeNull();
      const copied = structuredClone(preview)!;
      expect(copied.waveform, name).toEqual(preview!.waveform);
      expect(copied.thumbhash?.length, name).toBe(preview!.thumbhash?.length);
    }
  });

  it("throws nothing, whatever the store does: the caller has the error", async () => {
    const bytes = mediaFixture("picture.webp");
    const away = async (): Promise<Uint8Array> => {
      throw new Error("away");
    };
    expect(await makePreview(taskOf(bytes, "IMAGE"), away)).toBeNull();
    expect(await makePreview(taskOf(bytes, "AUDIO"), away)).toBeNull();
  });

  it("reads nothing of a file that is larger than its budget", async () => {
    const never = async (): Promise<Uint8Array> => {
      throw new Error("nothing is to be read");
    };
    const task = { ...taskOf(mediaFixture("picture.webp"), "IMAGE"), budget: 10 };
    expect(await makePreview(task, never)).toBeNull();
  });
});
