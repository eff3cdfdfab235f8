/** The kinds of media whose files are checked, as the host spells them. */
const MEDIA_KINDS = ["IMAGE", "VIDEO", "AUDIO"] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** The statuses in which a record has not been checked yet. */
const UNCHECKED_STATUSES = ["UPLOADED", "VALIDATING"] as const;
/** The statuses that a check sets. */
export const CHECKED_STATUSES = ["READY", "REJECTED", "FAILED_PROCESSING"] as const;

/**
 * The metadata of a file. Everything here is a number, a flag, or a word that the parser chose: no text that
 * the file contains. Absent: the file does not say, or the kind has no such value.
 */
export type MediaMetadata = {
  readonly kind: MediaKind;
  /** By content, such as `video/mp4`. */
  readonly mimeType: string;
  /** As displayed: rotation and orientation are applied. In pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  readonly details: MediaDetails;
};

export type MediaDetails = {
  /** `mp4`, `webm`, `jpeg`. */
  readonly container: string;
  readonly videoCodec?: string;
  readonly audioCodec?: string;
  /** Frames per second. */
  readonly frameRate?: number;
  /** Bits per second, of the whole file. */
  readonly bitRate?: number;
  /** Degrees clockwise by which a video is rotated for display. */
  readonly rotation?: number;
  readonly channels?: number;
  /** In hertz. */
  readonly sampleRate?: number;
  /** The EXIF orientation, 1 to 8. */
  readonly orientation?: number;
  readonly alpha?: boolean;
  /** Frames of an animation. */
  readonly frames?: number;
};

const MAX_SIDE = 1_000_000;

/** Whether a number can be a width or height: a whole number of pixels, not more than any picture has. */
export const isSide = (pixels: number | undefined): pixels is number =>
  pixels !== undefined && Number.isInteger(pixels) && pixels >= 1 && pixels <= MAX_SIDE;

/** Why a file could not be read. Stored as the error of the record. */
export type FileFault =
  | "bad-key"
  | "missing"
  | "not-a-file"
  | "empty"
  | "changed-while-read"
  | "range-not-satisfiable"
  | "unknown-type"
  | "truncated"
  | "unreadable"
  | "no-tracks"
  | "no-duration"
  | "no-size"
  | "byte-budget"
  | "processor-time"
  | "time"
  | "memory";

/**
 * What reading a file gave. `other`: its content is known, and is no image, video or audio that is allowed.
 */
export type Reading =
  | { readonly kind: "read"; readonly metadata: MediaMetadata }
  | { readonly kind: "other"; readonly mimeType: string }
  | { readonly kind: "unreadable"; readonly fault: FileFault };

/** In pixels. The longer side is compared with the longer one, so that portrait and landscape are alike. */
export type SizeLimit = { readonly width: number; readonly height: number };

export type MediaLimits = {
  readonly maxSeconds: number;
  readonly video: SizeLimit;
  readonly image: SizeLimit;
  readonly imageBytes: number;
};

/** One limit that a file exceeds, with its value. */
export type MediaRejection =
  | { readonly reason: "too-long"; readonly seconds: number; readonly maxSeconds: number }
  | {
      readonly reason: "too-large";
      readonly width: number;
      readonly height: number;
      readonly maxWidth: number;
      readonly maxHeight: number;
    }
  | { readonly reason: "too-many-bytes"; readonly bytes: number; readonly maxBytes: number }
  | { readonly reason: "other-kind"; readonly found: MediaKind; readonly expected: MediaKind }
  | { readonly reason: "other-type"; readonly mimeType: string };

export type Verdict =
  | { readonly status: "READY"; readonly metadata: MediaMetadata }
  | {
      readonly status: "REJECTED";
      readonly reasons: readonly MediaRejection[];
      readonly metadata: MediaMetadata | null;
    }
  | { readonly status: "FAILED_PROCESSING"; readonly fault: FileFault };

/**
 * The verdict on a file: unreadable is FAILED_PROCESSING; content of another kind than the record's, or a
 * value above a limit, is REJECTED with every reason; anything else is READY.
 *
 * @param expected the kind that the record declares.
 */
export function decideMedia(expected: MediaKind, reading: Reading, limits: MediaLimits): Verdict {
  if (reading.kind === "unreadable") return { status: "FAILED_PROCESSING", fault: reading.fault };
  if (reading.kind === "other") {
    const reasons = [{ reason: "other-type", mimeType: reading.mimeType }] as const;
    return { status: "REJECTED", reasons, metadata: null };
  }
  const { metadata } = reading;
  const reasons = [
    ...otherKind(metadata.kind, expected),
    ...tooLong(metadata, limits.maxSeconds),
    ...tooLarge(metadata, limits),
  ];
  return reasons.length === 0 ? { status: "READY", metadata } : { status: "REJECTED", reasons, metadata };
}

/** An image above the limit of bytes is rejected before it is read. */
export const tooManyBytes = (bytes: number, maxBytes: number): Verdict => ({
  status: "REJECTED",
  reasons: [{ reason: "too-many-bytes", bytes, maxBytes }],
  metadata: null,
});

const otherKind = (found: MediaKind, expected: MediaKind): MediaRejection[] =>
  found === expected ? [] : [{ reason: "other-kind", found, expected }];

function tooLong({ durationMs }: MediaMetadata, maxSeconds: number): MediaRejection[] {
  if (durationMs === undefined || durationMs <= maxSeconds * 1_000) return [];
  return [{ reason: "too-long", seconds: durationMs / 1_000, maxSeconds }];
}

function tooLarge({ kind, width, height }: MediaMetadata, limits: MediaLimits): MediaRejection[] {
  if (width === undefined || height === undefined) return [];
  const limit = kind === "IMAGE" ? limits.image : limits.video;
  const fits =
    Math.max(width, height) <= Math.max(limit.width, limit.height) &&
    Math.min(width, height) <= Math.min(limit.width, limit.height);
  if (fits) return [];
  return [{ reason: "too-large", width, height, maxWidth: limit.width, maxHeight: limit.height }];
}

/** The stored columns that decide whether a record is checked. */
export type MediaState = {
  readonly kind: string;
  readonly status: string;
  readonly storageKey: string | null;
};

export const isMediaKind = (kind: string): kind is MediaKind =>
  (MEDIA_KINDS as readonly string[]).includes(kind);

/**
 * Why a record is not checked when it is requested by id; null if it is. A record that has been checked
 * before is checked again.
 */
export function whySkipped({ kind, status, storageKey }: MediaState): string | null {
  if (!isMediaKind(kind)) return `media of kind ${kind} has no file to check`;
  if (storageKey === null) return "the record has no storage key";
  const known: readonly string[] = [...UNCHECKED_STATUSES, ...CHECKED_STATUSES];
  return known.includes(status) ? null : `media in status ${status} is not checked`;
}
