import sharp from "sharp";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA, thumbHashToRGBA } from "thumbhash";
import { afterAll, describe, expect, it } from "vitest";
import { previewOf } from "../../src/media/make-preview.ts";
import { previewImage } from "../../src/media/parse/preview-image.ts";
import { checkFile, type FileReader } from "../../src/media/read-file.ts";
import { StoreUnavailable } from "../../src/ports/media-store/media-store.ts";
import type { MediaKind, MediaMetadata } from "../../src/scoring/media/limits.ts";
import { PEAKS } from "../../src/scoring/media/previews.ts";
import { openGuardedThreads } from "../../src/threads/guarded-threads.ts";
import {
  ALL_PREVIEWS,
  FIXTURES,
  hollowPng,
  LIMITS,
  mediaFixture,
  NO_PREVIEWS,
  storeOf,
  wavOf,
} from "../support/media.ts";

const guarded = openGuardedThreads();
afterAll(() => guarded.close());

const readerOf = (bytes: Uint8Array, fields: Partial<FileReader> = {}): FileReader => ({
  store: storeOf(bytes),
  guarded,
  limits: LIMITS,
  previews: ALL_PREVIEWS,
  witnesses: [],
  signal: new AbortController().signal,
  ...fields,
});

const checked = (bytes: Uint8Array, kind: MediaKind, fields: Partial<FileReader> = {}) =>
  checkFile(readerOf(bytes, fields), { key: "file", kind });

const previewed = async (bytes: Uint8Array, kind: MediaKind, fields: Partial<FileReader> = {}) => {
  const { verdict, preview } = await checked(bytes, kind, fields);
  expect(verdict.status).toBe("READY");
  return preview;
};

const pixelsOf = async (image: Uint8Array) => {
  const { data, info } = await sharp(image).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => [...data.subarray((y * info.width + x) * 4).subarray(0, 4)];
  return { ...info, at };
};

const plain = (width: number, height: number, background: string) =>
  sharp({ create: { width, height, channels: 4, background } });

/** Red on the left and blue on the right, or as it is turned. */
const redAndBlue = (width: number, height: number) =>
  plain(width, height, "#f00").composite([
    {
      input: { create: { width: width / 2, height, channels: 4, background: "#00f" } },
      left: width / 2,
      top: 0,
    },
  ]);

const isRed = ([red = 0, , blue = 0]: number[]): boolean => red > 200 && blue < 60;
const isBlue = ([red = 0, , blue = 0]: number[]): boolean => blue > 200 && red < 60;

describe("the preview of an image", () => {
  it("is made of every format but HEIC, whose codec no package here has", async () => {
    const names = Object.keys(FIXTURES).filter((name) => FIXTURES[name]!.kind === "IMAGE");
    for (const name of names) {
      const preview = await previewed(mediaFixture(name), "IMAGE");
      if (name === "picture.heic") {
        expect(preview).toBeNull();
        continue;
      }
      expect(preview, name).toMatchObject({ waveform: null });
      const { width, height } = FIXTURES[name]!;
      expect(await sharp(preview!.thumbnail!).metadata(), name).toMatchObject({
        format: "webp",
        width,
        height,
      });
      const ratio = thumbHashToApproximateAspectRatio(preview!.thumbhash!);
      expect(ratio > 1, name).toBe(width! > height!);
      expect(preview!.thumbhash!.length, name).toBeLessThanOrEqual(25);
    }
  });

  it("is at most 256 pixels wide and high, and never larger than the image", async () => {
    for (const [size, expected] of [
      [
        [1_000, 400],
        [256, 102],
      ],
      [
        [400, 1_000],
        [102, 256],
      ],
      [
        [30, 20],
        [30, 20],
      ],
    ] as const) {
      const preview = await previewed(await plain(size[0], size[1], "#393").png().toBuffer(), "IMAGE");
      const { width, height } = await sharp(preview!.thumbnail!).metadata();
      expect([width, height]).toEqual(expected);
    }
  });

  it("is turned as the orientation says", async () => {
    // Stored on its side: displayed, what is on the left is above.
    const file = await redAndBlue(80, 40).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer();
    const preview = await previewed(file, "IMAGE");
    const { width, height, at } = await pixelsOf(preview!.thumbnail!);
    expect([width, height]).toEqual([40, 80]);
    expect([isRed(at(20, 10)), isBlue(at(20, 70))]).toEqual([true, true]);
    const { w, h, rgba } = thumbHashToRGBA(preview!.thumbhash!);
    const blurred = (y: number): number[] => [...rgba.subarray((y * w + (w >> 1)) * 4).subarray(0, 3)];
    expect(w).toBeLessThan(h);
    expect(blurred(2)[0]).toBeGreaterThan(blurred(h - 3)[0]!);
    expect(blurred(2)[2]).toBeLessThan(blurred(h - 3)[2]!);
  });

  it("keeps transparency", async () => {
    const preview = await previewed(await plain(60, 60, "rgba(255, 0, 0, 0.25)").png().toBuffer(), "IMAGE");
    const { at } = await pixelsOf(preview!.thumbnail!);
    expect(at(30, 30)[3]).toBeGreaterThan(50);
    expect(at(30, 30)[3]).toBeLessThan(80);
    expect(thumbHashToAverageRGBA(preview!.thumbhash!).a).toBeCloseTo(0.25, 1);
  });

  it("shows the first frame of an animation", async () => {
    const frames = await sharp(Buffer.concat([solid(255, 0, 0), solid(0, 0, 255)]), {
      raw: { width: 16, height: 32, channels: 3, pageHeight: 16 },
    })
      .gif()
      .toBuffer();
    const preview = await previewed(frames, "IMAGE");
    const { width, height, at } = await pixelsOf(preview!.thumbnail!);
    expect([width, height, isRed(at(8, 8))]).toEqual([16, 16, true]);
  });

  it("contains no metadata of the file", async () => {
    const preview = await previewed(mediaFixture("picture.jpg"), "IMAGE");
    const { exif, xmp, iptc, icc, orientation } = await sharp(preview!.thumbnail!).metadata();
    expect({ exif, xmp, iptc, icc, orientation }).toEqual({});
    const text = Buffer.from(preview!.thumbnail!).toString("latin1");
    expect(text).not.toMatch(/canary|owner|serial|exif/i);
  });

  it("contains only the enabled kinds, and none by default", async () => {
    const bytes = mediaFixture("picture.png");
    expect(await previewed(bytes, "IMAGE", { previews: NO_PREVIEWS })).toBeNull();
    const onlyHash = await previewed(bytes, "IMAGE", { previews: { ...NO_PREVIEWS, thumbhash: true } });
    expect(onlyHash).toEqual({ thumbhash: expect.any(Uint8Array), thumbnail: null, waveform: null });
    const store = storeOf(bytes);
    await previewed(Buffer.alloc(0), "IMAGE", { store, previews: { ...NO_PREVIEWS, waveform: true } });
    expect(store.bytesRead()).toBeLessThanOrEqual(2 * bytes.length);
  });

  it("is missing where pixels cannot be decoded; the file is READY all the same", async () => {
    expect(await previewed(hollowPng(64, 48), "IMAGE")).toBeNull();
    const picture = Buffer.from(mediaFixture("picture.png"));
    picture.fill(0x5a, picture.indexOf("IDAT") + 8, picture.indexOf("IDAT") + 40);
    expect(await previewed(picture, "IMAGE")).toBeNull();
    expect(await previewed(mediaFixture("picture.png"), "IMAGE")).not.toBeNull();
  });

  it("is not decoded from 14,000 x 14,000 pixels, whatever images are allowed", async () => {
    const bomb = hollowPng(14_000, 14_000);
    expect(await checked(bomb, "IMAGE")).toMatchObject({ verdict: { status: "REJECTED" }, preview: null });
    const limits = { ...LIMITS, image: { width: 20_000, height: 20_000 } };
    expect(await previewed(bomb, "IMAGE", { limits })).toBeNull();
    await expect(previewImage(bomb, ALL_PREVIEWS)).rejects.toThrow("exceeds pixel limit");
  });
});

const solid = (...colour: number[]): Buffer =>
  Buffer.concat(Array.from({ length: 16 * 16 }, () => Buffer.from(colour)));

describe("the preview of a sound", () => {
  it("is a waveform of each codec but AAC, for which no package here is free", async () => {
    for (const name of ["tone.wav", "tone.mp3", "tone.flac", "tone.ogg"]) {
      const preview = await previewed(mediaFixture(name), "AUDIO");
      expect(preview, name).toMatchObject({ thumbhash: null, thumbnail: null });
      const { waveform } = preview!;
      expect(waveform, name).toHaveLength(PEAKS);
      // A tone of even loudness: the middle half of it is near its median.
      const middle = waveform!.slice(PEAKS / 4, (3 * PEAKS) / 4).sort((a, b) => a - b);
      expect(middle.at(-1)! - middle[0]!, name).toBeLessThanOrEqual(0.35 * middle.at(-1)!);
      expect(middle[0], name).toBeGreaterThan(10);
    }
    expect(await previewed(mediaFixture("tone.m4a"), "AUDIO")).toMatchObject({ waveform: null });
  });

  it("shows where the sound is loud, over all channels", async () => {
    const half = 4_000;
    const silenceThenLoud = (n: number): number => (n < half ? 0 : n % 2 === 0 ? 0x7fff : -0x7fff);
    const file = wavOf(2 * half, [() => 0, silenceThenLoud]);
    const { waveform } = (await previewed(file, "AUDIO"))!;
    expect(new Set(waveform!.slice(0, PEAKS / 2))).toEqual(new Set([0]));
    expect(new Set(waveform!.slice(PEAKS / 2))).toEqual(new Set([255]));
  });

  it("of Opus is decoded by its packets", async () => {
    const clip = mediaFixture("clip.webm");
    const reader = readerOf(clip);
    const file = await reader.store.open("file", reader.signal);
    const sound: MediaMetadata = { ...FIXTURES["clip.webm"]!, kind: "AUDIO" };
    expect(await previewOf(reader, file, sound)).toMatchObject({ waveform: expect.any(Array) });
  });

  it("of a video is not made: no package here decodes its frames", async () => {
    expect(await previewed(mediaFixture("clip.mp4"), "VIDEO")).toBeNull();
  });
});

describe("decoding", () => {
  it("that does not end is ended with its thread, and stalls nothing", async () => {
    const file = wavOf(8_000_000, [(n) => (n * 7_919) % 0x7fff]);
    const reader = readerOf(file, { callLimits: { processorMs: 10, totalMs: 60_000 } });
    const opened = await reader.store.open("file", reader.signal);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    expect(await previewOf(reader, opened, FIXTURES["tone.wav"]!)).toBeNull();
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
    expect(await previewed(mediaFixture("picture.png"), "IMAGE")).not.toBeNull();
  });

  it("stops when the store becomes unavailable: the record is left for later", async () => {
    const reader = readerOf(mediaFixture("picture.png"));
    const away = async (): Promise<Uint8Array> => {
      throw new StoreUnavailable("status 503", 5_000);
    };
    const opened = { size: 752, read: away, close: async () => undefined };
    await expect(previewOf(reader, opened, FIXTURES["picture.png"]!)).rejects.toMatchObject({
      reason: "status 503",
    });
  });

  it("of a file that is larger than its budget is not begun", async () => {
    const reader = readerOf(Buffer.alloc(0));
    const opened = {
      size: 33 * 1024 * 1024,
      read: async (): Promise<Uint8Array> => {
        throw new Error("nothing is to be read");
      },
      close: async () => undefined,
    };
    expect(await previewOf(reader, opened, FIXTURES["tone.wav"]!)).toBeNull();
  });
});
