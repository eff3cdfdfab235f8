import sharp, { type Sharp } from "sharp";
import { rgbaToThumbHash } from "thumbhash";
import type { MediaPreview, PreviewParts } from "../../scoring/media/previews.ts";

/** Of the longer side. */
const THUMBNAIL_SIDE = 256;
/** ThumbHash takes no more. */
const HASH_SIDE = 100;
const QUALITY = 75;

/**
 * Images with more pixels are not decoded: some formats are unpacked whole, in 4 bytes a pixel, and the limit
 * of a thread's heap does not count the memory of `sharp`.
 */
export const MAX_DECODED_PIXELS = 40_000_000;

/** An image of MAX_DECODED_PIXELS takes a second. `sharp` decodes outside the thread, so it ends itself. */
const DECODE_LIMIT_S = 5;

/**
 * Decodes an image, the first frame of an animation, turned as its orientation says and in sRGB, and makes
 * its thumbnail and ThumbHash. They contain none of its metadata.
 *
 * @throws if a pixel cannot be decoded, or decoding takes too much.
 */
export async function previewImage(
  file: Uint8Array,
  parts: PreviewParts,
): Promise<Omit<MediaPreview, "waveform">> {
  const { data, info } = await sharp(file, { limitInputPixels: MAX_DECODED_PIXELS, failOn: "error" })
    .timeout({ seconds: DECODE_LIMIT_S })
    .autoOrient()
    .resize({ ...within(THUMBNAIL_SIDE) })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const small = (): Sharp =>
    sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  return {
    thumbhash: parts.thumbhash ? await hashOf(small()) : null,
    thumbnail: parts.thumbnail ? await small().webp({ quality: QUALITY }).toBuffer() : null,
  };
}

const within = (side: number) =>
  ({ width: side, height: side, fit: "inside", withoutEnlargement: true }) as const;

async function hashOf(image: Sharp): Promise<Uint8Array> {
  const { data, info } = await image
    .resize({ ...within(HASH_SIDE) })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return rgbaToThumbHash(info.width, info.height, data);
}
