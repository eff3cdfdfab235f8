import sharp from "sharp";
import { isSide, type Reading } from "../../scoring/media/limits.ts";
import type { ByteReader } from "./byte-reader.ts";
import { isWholeImage } from "./whole-image.ts";

// One file at a time on a thread, and no file twice.
sharp.cache(false);
sharp.concurrency(1);

/** From this orientation on, width and height are swapped for display. */
const FIRST_ON_ITS_SIDE = 5;

/** The format names of `sharp` for images whose codec is only in the metadata. */
const HEIF = "heif";

/**
 * Reads the header of an image. No pixel is decoded, so an image of any size costs the same; and of EXIF only
 * the orientation is read: places, names and serial numbers of devices are never read.
 */
export async function readImage(bytes: ByteReader, container: string): Promise<Reading> {
  const file = await bytes.read(0, bytes.size);
  if (!isWholeImage(container, file)) return { kind: "unreadable", fault: "truncated" };
  const image = await sharp(file, { limitInputPixels: false, failOn: "none" }).metadata();
  const { format, width, height, orientation, hasAlpha, pages } = image;
  const isFormat =
    format === container || (format === HEIF && (container === "avif" || container === "heic"));
  if (!isFormat) return { kind: "unreadable", fault: "unreadable" };
  if (!isSide(width) || !isSide(height)) return { kind: "unreadable", fault: "no-size" };
  const onItsSide = (orientation ?? 1) >= FIRST_ON_ITS_SIDE;
  // Frames of an animation are stacked.
  const displayed = { width, height: image.pageHeight ?? height };
  return {
    kind: "read",
    metadata: {
      kind: "IMAGE",
      mimeType: `image/${container}`,
      width: onItsSide ? displayed.height : displayed.width,
      height: onItsSide ? displayed.width : displayed.height,
      details: {
        container,
        alpha: hasAlpha === true,
        ...(orientation === undefined ? {} : { orientation }),
        ...(pages === undefined || pages < 2 ? {} : { frames: pages }),
      },
    },
  };
}
