import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideMedia,
  type MediaLimits,
  type MediaMetadata,
  tooManyBytes,
  whySkipped,
} from "../../../src/scoring/media/limits.ts";

const LIMITS: MediaLimits = {
  maxSeconds: 180,
  video: { width: 3_840, height: 2_160 },
  image: { width: 8_192, height: 8_192 },
  imageBytes: 1_000,
};

const video = (known: Partial<MediaMetadata> = {}): MediaMetadata => ({
  kind: "VIDEO",
  mimeType: "video/mp4",
  width: 1_920,
  height: 1_080,
  durationMs: 60_000,
  details: { container: "mp4" },
  ...known,
});

const decide = (metadata: MediaMetadata) => decideMedia(metadata.kind, { kind: "read", metadata }, LIMITS);

describe("the verdict on a file", () => {
  it("is READY up to the limits, which are those of the longer and the shorter side", () => {
    expect(decide(video({ durationMs: 180_000, width: 3_840, height: 2_160 })).status).toBe("READY");
    expect(decide(video({ width: 2_160, height: 3_840 })).status).toBe("READY");
    expect(decide({ ...video(), kind: "AUDIO", mimeType: "audio/mpeg" }).status).toBe("READY");
  });

  it("is REJECTED above them, with every reason and the values", () => {
    expect(decide(video({ durationMs: 180_001 }))).toMatchObject({
      status: "REJECTED",
      reasons: [{ reason: "too-long", seconds: 180.001, maxSeconds: 180 }],
    });
    const square = video({ width: 2_161, height: 2_161, durationMs: 200_000 });
    expect(decideMedia("IMAGE", { kind: "read", metadata: square }, LIMITS)).toEqual({
      status: "REJECTED",
      reasons: [
        { reason: "other-kind", found: "VIDEO", expected: "IMAGE" },
        { reason: "too-long", seconds: 200, maxSeconds: 180 },
        { reason: "too-large", width: 2_161, height: 2_161, maxWidth: 3_840, maxHeight: 2_160 },
      ],
      metadata: square,
    });
    expect(tooManyBytes(1_001, 1_000)).toMatchObject({
      reasons: [{ reason: "too-many-bytes", bytes: 1_001, maxBytes: 1_000 }],
    });
  });

  it("uses the limits of images for a photo that is larger than a video may be", () => {
    const photo: MediaMetadata = {
      ...video({ width: 4_032, height: 3_024 }),
      kind: "IMAGE",
      mimeType: "image/jpeg",
    };
    expect(decide(photo).status).toBe("READY");
    expect(decide({ ...photo, width: 14_000, height: 14_000 })).toMatchObject({
      reasons: [{ reason: "too-large", width: 14_000, maxWidth: 8_192 }],
    });
  });

  it("is REJECTED for content that is not media, FAILED_PROCESSING for unreadable files", () => {
    expect(decideMedia("IMAGE", { kind: "other", mimeType: "image/svg+xml" }, LIMITS)).toEqual({
      status: "REJECTED",
      reasons: [{ reason: "other-type", mimeType: "image/svg+xml" }],
      metadata: null,
    });
    expect(decideMedia("VIDEO", { kind: "unreadable", fault: "truncated" }, LIMITS)).toEqual({
      status: "FAILED_PROCESSING",
      fault: "truncated",
    });
  });

  it("does not depend on the orientation, and larger or longer is never better", () => {
    const side = fc.integer({ min: 1, max: 5_000 });
    const ms = fc.integer({ min: 0, max: 400_000 });
    fc.assert(
      fc.property(side, side, ms, side, (width, height, durationMs, more) => {
        const isReady = (known: Partial<MediaMetadata>) =>
          decide(video({ width, height, durationMs, ...known })).status === "READY";
        expect(isReady({ width: height, height: width })).toBe(isReady({}));
        for (const worse of [
          { width: width + more },
          { height: height + more },
          { durationMs: durationMs + more },
        ])
          if (isReady(worse)) expect(isReady({})).toBe(true);
      }),
    );
  });
});

describe("a record that is requested", () => {
  const state = { kind: "VIDEO", status: "UPLOADED", storageKey: "a.mp4" };

  it.each(["UPLOADED", "VALIDATING", "READY", "REJECTED", "FAILED_PROCESSING"])(
    "is checked in %s",
    (status) => {
      expect(whySkipped({ ...state, status })).toBeNull();
    },
  );

  it("is skipped in another status, of another kind, or without a key, and the reason says so", () => {
    expect(whySkipped({ ...state, status: "DELETED" })).toBe("media in status DELETED is not checked");
    expect(whySkipped({ ...state, kind: "EMBED" })).toBe("media of kind EMBED has no file to check");
    expect(whySkipped({ ...state, storageKey: null })).toBe("the record has no storage key");
  });
});
