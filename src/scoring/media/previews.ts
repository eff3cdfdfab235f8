import type { MediaKind } from "./limits.ts";

/** Previews of a file, which are shown before it has loaded. */
export const PREVIEW_PARTS = ["thumbhash", "thumbnail", "waveform"] as const;
export type PreviewPart = (typeof PREVIEW_PARTS)[number];

/** The kinds of previews that the configuration enables. */
export type PreviewParts = Readonly<Record<PreviewPart, boolean>>;

/** The previews that can be made of each kind of file. No package here decodes the frames of a video. */
const PARTS_OF: Readonly<Record<MediaKind, readonly PreviewPart[]>> = {
  IMAGE: ["thumbhash", "thumbnail"],
  AUDIO: ["waveform"],
  VIDEO: [],
};

/** The previews that are enabled for a kind of file. */
export const wantedParts = (kind: MediaKind, wanted: PreviewParts): readonly PreviewPart[] =>
  PARTS_OF[kind].filter((part) => wanted[part]);

/** Of an image `thumbhash` and `thumbnail`, of a sound `waveform`; null: not enabled, or not possible. */
export type MediaPreview = {
  /** A ThumbHash: at most 25 bytes that a client unfolds into a blurred image. */
  readonly thumbhash: Uint8Array | null;
  /** A WebP of at most 256 x 256 pixels, turned as displayed, without metadata. */
  readonly thumbnail: Uint8Array | null;
  /** PEAKS numbers from 0 to 255. */
  readonly waveform: readonly number[] | null;
};

/** Numbers of a waveform. */
export const PEAKS = 200;

/**
 * The waveform of a sound: it is cut into PEAKS parts of equal length, and each is the loudest of its levels,
 * times 255. If there are fewer levels than parts, a level is used for several parts.
 *
 * @param levels the loudest sample of each short stretch of the sound, 0 (silence) to 1 (full scale).
 */
export function waveformOf(levels: readonly number[]): number[] {
  if (levels.length === 0) return [];
  return Array.from({ length: PEAKS }, (_, part) => {
    const from = Math.floor((part * levels.length) / PEAKS);
    const to = Math.max(from + 1, Math.floor(((part + 1) * levels.length) / PEAKS));
    let loudest = 0;
    for (let at = from; at < to; at++) loudest = Math.max(loudest, levels[at] as number);
    return Math.round(255 * Math.min(1, loudest));
  });
}
