import { deflateRawSync, deflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { checkFile, type FileReader } from "../../src/media/read-file.ts";
import { StoreUnavailable } from "../../src/ports/media-store/media-store.ts";
import type { MediaKind } from "../../src/scoring/media/limits.ts";
import { openGuardedThreads } from "../../src/threads/guarded-threads.ts";
import {
  ALL_PREVIEWS,
  DURATIONS,
  FIXTURES,
  hollowPng,
  LIMITS,
  mediaFixture,
  NO_PREVIEWS,
  pngChunk,
  storeOf,
  streamedWebm,
} from "../support/media.ts";

const MIB = 2 ** 20;

const guarded = openGuardedThreads();
afterAll(() => guarded.close());

const reader = (bytes: Uint8Array, fields: Partial<FileReader> = {}): FileReader => ({
  store: storeOf(bytes),
  guarded,
  limits: LIMITS,
  previews: NO_PREVIEWS,
  witnesses: [],
  signal: new AbortController().signal,
  ...fields,
});

const verdictOn = async (bytes: Uint8Array, kind: MediaKind, fields: Partial<FileReader> = {}) =>
  (await checkFile(reader(bytes, fields), { key: "file", kind })).verdict;

const names = Object.keys(FIXTURES);
const kindOf = (name: string): MediaKind => FIXTURES[name]!.kind;

describe("a file", () => {
  it.each(names)("%s is read as what it is", async (name) => {
    const bytes = mediaFixture(name);
    const verdict = await verdictOn(bytes, kindOf(name));
    const durationMs = DURATIONS[name];
    const bitRate = durationMs === undefined ? {} : { bitRate: expect.any(Number) };
    const expected = FIXTURES[name]!;
    expect(verdict).toEqual({
      status: "READY",
      metadata: {
        ...expected,
        ...(durationMs === undefined ? {} : { durationMs }),
        details: { ...expected.details, ...bitRate },
      },
    });
    if (durationMs === undefined || verdict.status !== "READY") return;
    const seconds = durationMs / 1_000;
    expect(verdict.metadata.details.bitRate).toBeCloseTo((bytes.length * 8) / seconds, -2);
  });

  // Regression 9.
  it.each(names)("%s, truncated at any tenth, does not pass", async (name) => {
    const bytes = mediaFixture(name);
    for (let tenth = 1; tenth < 10; tenth++) {
      const verdict = await verdictOn(bytes.subarray(0, (bytes.length * tenth) / 10), kindOf(name));
      expect(verdict.status, `${name} at ${tenth}0 %`).toBe("FAILED_PROCESSING");
    }
    const verdict = await verdictOn(bytes.subarray(0, bytes.length - 1), kindOf(name));
    expect(verdict.status, `${name} without its last byte`).toBe("FAILED_PROCESSING");
  });

  it("of another kind than its record is rejected, whatever it is called", async () => {
    expect(await verdictOn(mediaFixture("picture.png"), "VIDEO")).toMatchObject({
      status: "REJECTED",
      reasons: [{ reason: "other-kind", found: "IMAGE", expected: "VIDEO" }],
    });
  });

  it("that is not media is rejected with its type, an SVG as well", async () => {
    const reasons = (mimeType: string) => ({
      status: "REJECTED",
      reasons: [{ reason: "other-type", mimeType }],
      metadata: null,
    });
    expect(await verdictOn(mediaFixture("picture.svg"), "IMAGE")).toEqual(reasons("image/svg+xml"));
    const bare = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(await verdictOn(bare, "IMAGE")).toEqual(reasons("image/svg+xml"));
    const zip = Buffer.concat([Buffer.from("PK\x03\x04\x14\0\0\0\x08\0", "latin1"), Buffer.alloc(5_000)]);
    expect(await verdictOn(zip, "IMAGE")).toEqual(reasons("application/zip"));
  });

  it("that is junk, text or empty fails with the reason", async () => {
    const fault = (kind: string) => ({ status: "FAILED_PROCESSING", fault: kind });
    const junk = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 251));
    expect(await verdictOn(junk, "VIDEO")).toEqual(fault("unknown-type"));
    expect(await verdictOn(Buffer.from("hello"), "AUDIO")).toEqual(fault("unknown-type"));
    expect(await verdictOn(Buffer.alloc(0), "IMAGE")).toEqual(fault("empty"));
  });
});

describe("a bomb of a file", () => {
  it("an image of 14,000 x 14,000 is rejected by its header", async () => {
    expect(await verdictOn(hollowPng(14_000, 14_000), "IMAGE")).toMatchObject({
      status: "REJECTED",
      reasons: [{ reason: "too-large", width: 14_000, height: 14_000 }],
    });
  });

  it("a zip bomb is refused by its first bytes, and is not unpacked", async () => {
    const zeros = deflateRawSync(Buffer.alloc(64 * MIB));
    const header = Buffer.alloc(31);
    header.write("PK\x03\x04\x14\0\0\0\x08", "latin1");
    header.writeUInt32LE(zeros.length, 18);
    header.writeUInt32LE(64 * MIB, 22);
    header.writeUInt16LE(1, 26);
    header.write("0", 30);
    const store = storeOf(Buffer.concat([header, zeros, Buffer.alloc(200_000)]));
    for (const kind of ["IMAGE", "VIDEO", "AUDIO"] as const)
      expect(await verdictOn(Buffer.alloc(0), kind, { store })).toMatchObject({
        reasons: [{ reason: "other-type", mimeType: "application/zip" }],
      });
    expect(store.bytesRead()).toBeLessThanOrEqual(3 * 64 * 1024);
  });

  it("an image whose text and colour profile unpack to 128 MB each costs no more memory than others", async () => {
    const packed = deflateSync(Buffer.alloc(128 * MIB));
    const picture = mediaFixture("picture.png");
    const afterHeader = picture.indexOf("IHDR") + 4 + 13 + 4;
    const named = (name: string): Buffer => Buffer.concat([Buffer.from(`${name}\0\0`), packed]);
    const bomb = Buffer.concat([
      picture.subarray(0, afterHeader),
      pngChunk("iCCP", named("profile")),
      pngChunk("zTXt", named("comment")),
      picture.subarray(afterHeader),
    ]);
    await verdictOn(picture, "IMAGE");
    const before = process.memoryUsage().rss;
    const { status } = await verdictOn(bomb, "IMAGE", { previews: ALL_PREVIEWS });
    expect(["READY", "FAILED_PROCESSING"]).toContain(status);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * MIB);
  });

  it("an image with too many bytes is rejected unread", async () => {
    const store = storeOf(Buffer.alloc(1_000_001));
    const limits = { ...LIMITS, imageBytes: 1_000_000 };
    expect(await verdictOn(Buffer.alloc(0), "IMAGE", { store, limits })).toMatchObject({
      reasons: [{ reason: "too-many-bytes", bytes: 1_000_001, maxBytes: 1_000_000 }],
    });
    expect(store.bytesRead()).toBe(0);
  });

  it("an MP4 with wrong sizes fails or is read correctly, for each of its boxes in turn", async () => {
    const clip = mediaFixture("clip.mp4");
    for (const box of ["moov", "trak", "mdia", "minf", "stbl", "stsz", "stts", "stco", "stsc", "stsd"]) {
      const lying = Buffer.from(clip);
      lying.writeUInt32BE(0xfffffff0, lying.indexOf(box) - 4);
      const verdict = await verdictOn(lying, "VIDEO");
      if (verdict.status === "FAILED_PROCESSING") continue;
      expect(verdict, box).toMatchObject({ metadata: { width: 64, height: 48, durationMs: 1_000 } });
    }
    const cut = Buffer.from(clip);
    cut.writeUInt32BE(0xfffffff0, cut.indexOf("moov") - 4);
    expect(await verdictOn(cut, "VIDEO")).toMatchObject({ fault: "truncated" });
  });

  it("an MP4 that counts two thousand million samples ends, whatever the verdict", async () => {
    const lying = Buffer.from(mediaFixture("clip.mp4"));
    lying.writeUInt32BE(0x7fffffff, lying.indexOf("stsz") + 12);
    lying.writeUInt32BE(0x7fffffff, lying.indexOf("stts") + 12);
    expect(["REJECTED", "FAILED_PROCESSING"]).toContain((await verdictOn(lying, "VIDEO")).status);
  });

  it("reading a file that must be read whole for its duration stops at the budget of bytes", async () => {
    expect(await verdictOn(streamedWebm(4_000), "VIDEO")).toEqual({
      status: "FAILED_PROCESSING",
      fault: "byte-budget",
    });
  });

  // Regression 10.
  it("a parse that takes too long is ended with its thread, and stalls nothing", async () => {
    const callLimits = { processorMs: 10, totalMs: 60_000 };
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const slow = await verdictOn(streamedWebm(2_900), "VIDEO", { callLimits });
    clearInterval(timer);
    expect(slow).toEqual({ status: "FAILED_PROCESSING", fault: "processor-time" });
    expect(ticks).toBeGreaterThan(3);
    expect((await verdictOn(mediaFixture("clip.mp4"), "VIDEO")).status).toBe("READY");
  });
});

describe("reading", () => {
  it("takes less than 256 KB of a long video, wherever its index is", async () => {
    for (const name of ["clip.mp4", "late-index.mp4"]) {
      const store = storeOf(withMoreData(mediaFixture(name), 5_000_000));
      expect((await verdictOn(Buffer.alloc(0), "VIDEO", { store })).status, name).toBe("READY");
      expect(store.bytesRead(), name).toBeLessThanOrEqual(256 * 1024);
    }
  });

  it("stops without a verdict when the store becomes unavailable: the file is not at fault", async () => {
    const store = storeOf(mediaFixture("clip.mp4"), async () => {
      throw new StoreUnavailable("status 503", 5_000);
    });
    await expect(verdictOn(Buffer.alloc(0), "VIDEO", { store })).rejects.toMatchObject({
      reason: "status 503",
      retryAfterMs: 5_000,
    });
  });

  it("that waits for the store most of its time is not the file's fault either", async () => {
    const store = storeOf(mediaFixture("clip.mp4"), () => new Promise(() => undefined));
    const callLimits = { processorMs: 5_000, totalMs: 200 };
    await expect(verdictOn(Buffer.alloc(0), "VIDEO", { store, callLimits })).rejects.toBeInstanceOf(
      StoreUnavailable,
    );
  });
});

/** Appends data to the box with the frames, as if the video were long. */
function withMoreData(file: Buffer, length: number): Buffer {
  let at = 0;
  while (file.toString("latin1", at + 4, at + 8) !== "mdat") at += file.readUInt32BE(at);
  const end = at + file.readUInt32BE(at);
  const grown = Buffer.concat([file.subarray(0, end), Buffer.alloc(length), file.subarray(end)]);
  grown.writeUInt32BE(end - at + length, at);
  return grown;
}
