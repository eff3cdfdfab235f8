import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { onTestFinished } from "vitest";
import { FileFaulty, type MediaStore, type StoredFile } from "../../src/ports/media-store/media-store.ts";
import type { MediaKind, MediaLimits, MediaMetadata } from "../../src/scoring/media/limits.ts";
import type { PreviewParts } from "../../src/scoring/media/previews.ts";
import { mediaMetadata } from "../../src/workers/media/media-metadata.ts";
import { performRanged } from "./jobs.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

export const LIMITS: MediaLimits = {
  maxSeconds: 180,
  video: { width: 3_840, height: 2_160 },
  image: { width: 8_192, height: 8_192 },
  imageBytes: 32 * 1024 * 1024,
};

export const NO_PREVIEWS: PreviewParts = { thumbhash: false, thumbnail: false, waveform: false };
export const ALL_PREVIEWS: PreviewParts = { thumbhash: true, thumbnail: true, waveform: true };

export const mediaFixture = (file: string): Buffer =>
  readFileSync(new URL(`../media/fixtures/${file}`, import.meta.url));

const H264_AAC = { videoCodec: "avc", audioCodec: "aac", frameRate: 10, channels: 1, sampleRate: 44_100 };

const video = (mimeType: string, known: Partial<MediaMetadata> & Pick<MediaMetadata, "details">) => ({
  kind: "VIDEO" as const,
  mimeType,
  width: 64,
  height: 48,
  ...known,
});

const sound = (mimeType: string, known: Partial<MediaMetadata> & Pick<MediaMetadata, "details">) => ({
  kind: "AUDIO" as const,
  mimeType,
  ...known,
});

const picture = (
  format: string,
  known: Partial<Omit<MediaMetadata, "details">> & {
    readonly details?: Partial<MediaMetadata["details"]>;
  } = {},
) => ({
  kind: "IMAGE" as const,
  mimeType: `image/${format}`,
  width: 64,
  height: 48,
  ...known,
  details: { container: format, alpha: false, ...known.details },
});

/** What is in each fixture, without the bit rate, which follows from the size. */
export const FIXTURES: Readonly<Record<string, MediaMetadata>> = {
  "clip.mp4": video("video/mp4", { details: { container: "mp4", ...H264_AAC } }),
  "late-index.mp4": video("video/mp4", { details: { container: "mp4", ...H264_AAC } }),
  "rotated.mov": video("video/quicktime", {
    width: 48,
    height: 64,
    details: { container: "mov", videoCodec: "avc", frameRate: 10, rotation: 270 },
  }),
  "clip.webm": video("video/webm", {
    details: {
      container: "webm",
      videoCodec: "vp9",
      audioCodec: "opus",
      frameRate: 10,
      channels: 1,
      sampleRate: 48_000,
    },
  }),
  "clip.mkv": video("video/x-matroska", { details: { container: "mkv", ...H264_AAC } }),
  "tone.mp3": sound("audio/mpeg", {
    details: { container: "mp3", audioCodec: "mp3", channels: 1, sampleRate: 44_100 },
  }),
  "tone.flac": sound("audio/flac", {
    details: { container: "flac", audioCodec: "flac", channels: 1, sampleRate: 8_000 },
  }),
  "tone.ogg": sound("audio/ogg", {
    details: { container: "ogg", audioCodec: "vorbis", channels: 1, sampleRate: 44_100 },
  }),
  "tone.wav": sound("audio/wav", {
    details: { container: "wav", audioCodec: "pcm-s16", channels: 1, sampleRate: 8_000 },
  }),
  "tone.m4a": sound("audio/mp4", {
    details: { container: "mp4", audioCodec: "aac", channels: 1, sampleRate: 44_100 },
  }),
  // Its orientation turns it.
  "picture.jpg": picture("jpeg", { width: 48, height: 64, details: { orientation: 6 } }),
  "picture.png": picture("png", { details: { alpha: true } }),
  "picture.webp": picture("webp"),
  "picture.avif": picture("avif"),
  "picture.heic": picture("heic", { details: { alpha: true } }),
  "animation.gif": picture("gif", { details: { alpha: true, frames: 4 } }),
};

/** Their durations in ms: those of a lossy codec are padded to whole frames. */
export const DURATIONS: Readonly<Record<string, number>> = {
  "clip.mp4": 1_000,
  "late-index.mp4": 1_000,
  "rotated.mov": 1_000,
  "clip.webm": 1_007,
  "clip.mkv": 1_023,
  "tone.mp3": 1_045,
  "tone.flac": 1_000,
  "tone.ogg": 1_000,
  "tone.wav": 500,
  "tone.m4a": 1_000,
};

/** A store with one file. */
export function storeOf(bytes: Uint8Array, read?: StoredFile["read"]): MediaStore & { bytesRead(): number } {
  let bytesRead = 0;
  return {
    bytesRead: () => bytesRead,
    open: async (key) => {
      if (key !== "file") throw new FileFaulty("missing");
      return {
        size: bytes.length,
        read:
          read ??
          (async (start, length) => {
            bytesRead += length;
            return bytes.subarray(start, start + length);
          }),
        close: async () => undefined,
      };
    },
    delete: async () => undefined,
  };
}

/** A WAV of 16 bits and 8,000 Hz. @param channels the sample of each with a number, -0x8000 to 0x7fff. */
export function wavOf(samples: number, channels: readonly ((n: number) => number)[]): Buffer {
  const frame = channels.length * 2;
  const file = Buffer.alloc(44 + samples * frame);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(8_000, 24);
  file.writeUInt32LE(8_000 * frame, 28);
  file.writeUInt16LE(frame, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(samples * frame, 40);
  for (let n = 0; n < samples; n++)
    for (const [channel, sampleAt] of channels.entries())
      file.writeInt16LE(sampleAt(n), 44 + n * frame + channel * 2);
  return file;
}

/** A chunk of a PNG. */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

/** A PNG of any size without pixels. */
export function hollowPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const empty = Buffer.from([0x78, 0x9c, 0x03, 0, 0, 0, 0, 1]);
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", empty),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * A WebM as a camera streams it: no sizes, no duration and no index, so that it must be read to its end.
 * 1,000 clusters are 5 MB.
 */
export function streamedWebm(clusters: number): Buffer {
  const clip = mediaFixture("clip.webm");
  const firstCluster = clip.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
  const index = clip.lastIndexOf(Buffer.from([0x1c, 0x53, 0xbb, 0x6b]));
  const head = Buffer.from(clip.subarray(0, firstCluster));
  const segment = head.indexOf(Buffer.from([0x18, 0x53, 0x80, 0x67]));
  head.set([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], segment + 4);
  // What does not apply becomes void elements.
  head.set([0xec, 0x89], head.indexOf(Buffer.from([0x44, 0x89, 0x88])));
  const seek = head.indexOf(Buffer.from([0x11, 0x4d, 0x9b, 0x74]));
  head[seek] = 0xec;
  head.copyWithin(seek + 1, seek + 4);
  const cluster = clip.subarray(firstCluster, index);
  return Buffer.concat([head, ...Array.from({ length: clusters }, () => cluster)]);
}

export type MediaRow = {
  status: string;
  mime_type: string | null;
  width: number | null;
  height: number | null;
  duration_ms: string | null;
  size_bytes: string | null;
  details: Record<string, unknown>;
  rejections: unknown;
  fault: string | null;
  failures: number;
  checked_at: string | null;
};

/** A world with a folder of media. */
export async function mediaScene(options: WorldOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "media-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const world = await createWorld({
    ...options,
    environment: { MEDIA_FOLDER: folder, ...options.environment },
  });
  const [owner] = await world.query<{ id: string }>("insert into users (name) values ('Ada') returning id");
  const ownerId = owner?.id ?? "";
  const put = async (key: string, bytes: Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, key)), { recursive: true });
    await writeFile(join(folder, key), bytes);
  };
  const insert = (key: string | null, kind: string, fields: { status?: string; createdAt?: string } = {}) =>
    insertMedia(world, ownerId, key, kind, fields);
  return {
    world,
    folder,
    ownerId,
    put,
    insert,
    /** Stores a file and its record. */
    async upload(key: string, bytes: Uint8Array, kind: MediaKind, fields: Parameters<typeof insert>[2] = {}) {
      await put(key, bytes);
      return insert(key, kind, fields);
    },
    check: (mediaId: string) => performRanged(world, mediaMetadata, { mediaId }),
    record: (mediaId: string) => mediaRow(world, mediaId),
  };
}

async function insertMedia(
  world: World,
  ownerId: string,
  key: string | null,
  kind: string,
  { status = "UPLOADED", createdAt }: { status?: string; createdAt?: string },
): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `insert into media (owner_id, kind, status, storage_key, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $5) returning id`,
    [ownerId, kind, status, key, createdAt ?? world.clock.now().toISOString()],
  );
  return row?.id ?? "";
}

export async function mediaRow(world: World, id: string): Promise<MediaRow> {
  const [row] = await world.query<MediaRow>(
    `select status, mime_type, width, height, duration_ms::text, size_bytes::text, details, rejections, fault, failures,
            checked_at::text from media where id = $1`,
    [id],
  );
  if (!row) throw new Error(`there is no media record ${id}`);
  return row;
}
