import { describe, expect, it } from "vitest";
import { openByteReader } from "../../../src/media/parse/byte-reader.ts";
import { isWholeAv } from "../../../src/media/parse/whole-av.ts";
import { isWholeImage } from "../../../src/media/parse/whole-image.ts";
import { FIXTURES, mediaFixture } from "../../support/media.ts";

const isWhole = (name: string, file: Uint8Array): Promise<boolean> | boolean => {
  const { kind, details } = FIXTURES[name]!;
  if (kind === "IMAGE") return isWholeImage(details.container, file);
  const fetch = async (start: number, length: number) => file.subarray(start, start + length);
  return isWholeAv(details.container, openByteReader({ size: file.length, budget: 2 ** 30, fetch }));
};

describe("the end of a file", () => {
  it.each(Object.keys(FIXTURES))("%s has it, and no part of it that begins where it begins", async (name) => {
    const file = mediaFixture(name);
    expect(await isWhole(name, file)).toBe(true);
    for (
      let length = 1;
      length < file.length;
      length += length < 200 || length > file.length - 200 ? 1 : 13
    ) {
      const found = await Promise.resolve(isWhole(name, file.subarray(0, length))).catch(() => false);
      expect(found, `${name} up to ${length} of ${file.length}`).toBe(false);
    }
  });

  it("may be followed by more: phones append videos to photos", () => {
    for (const name of ["picture.jpg", "picture.png", "animation.gif"])
      expect(isWhole(name, Buffer.concat([mediaFixture(name), mediaFixture("clip.mp4")])), name).toBe(true);
  });

  it("is found behind a tag of ID3v1", async () => {
    const tag = Buffer.alloc(128);
    tag.write("TAG");
    expect(await isWhole("tone.flac", Buffer.concat([mediaFixture("tone.flac"), tag]))).toBe(true);
  });
});
