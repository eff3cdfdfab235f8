import type { MediaKind } from "../scoring/media/limits.ts";
import type { MediaPreview, PreviewParts } from "../scoring/media/previews.ts";
import { openByteReader } from "./parse/byte-reader.ts";
import { previewImage } from "./parse/preview-image.ts";
import { previewSound } from "./parse/preview-sound.ts";

/** The input of the task: a file that was found READY, and how many bytes of it may be read. */
export type PreviewTask = {
  readonly kind: MediaKind;
  readonly size: number;
  readonly budget: number;
  readonly parts: PreviewParts;
};

/**
 * Decodes one image or sound on a thread, and makes the parts of its preview.
 *
 * @param requestRange gives the bytes of a range.
 * @returns null for a file that cannot be decoded, or not within its budget of bytes.
 */
export async function makePreview(
  { kind, size, budget, parts }: PreviewTask,
  requestRange: (range: { readonly start: number; readonly length: number }) => Promise<Uint8Array>,
): Promise<MediaPreview | null> {
  if (size > budget) return null;
  const bytes = openByteReader({ size, budget, fetch: (start, length) => requestRange({ start, length }) });
  try {
    if (kind === "IMAGE")
      return { waveform: null, ...(await previewImage(await bytes.read(0, size), parts)) };
    return { thumbhash: null, thumbnail: null, waveform: await previewSound(bytes) };
  } catch {
    // Decoders may throw anything. The caller knows whether the store refused.
    return null;
  }
}
