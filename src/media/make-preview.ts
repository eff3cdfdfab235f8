import { type StoredFile, StoreUnavailable } from "../ports/media-store/media-store.ts";
import type { MediaLimits, MediaMetadata } from "../scoring/media/limits.ts";
import { type MediaPreview, type PreviewParts, wantedParts } from "../scoring/media/previews.ts";
import { callOnThread, type ThreadAccess } from "./call-on-thread.ts";
import type { PreviewTask } from "./make-preview.task.ts";

const TASK = new URL(`./make-preview.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** Larger sounds have no waveform: their samples would take longer to decode than a call may. */
const SOUND_BYTES = 32 * 1024 * 1024;

/**
 * Makes the preview of a file that is READY.
 *
 * @returns null if no preview is enabled for the file, or it could not be decoded within its limits, which is
 *   no reason to reject it.
 * @throws StoreUnavailable; the reason of the signal.
 */
export async function previewOf(
  reader: ThreadAccess & { readonly limits: MediaLimits; readonly previews: PreviewParts },
  file: StoredFile,
  { kind }: MediaMetadata,
): Promise<MediaPreview | null> {
  const { previews: parts, limits } = reader;
  if (wantedParts(kind, parts).length === 0) return null;
  const budget = kind === "IMAGE" ? limits.imageBytes : SOUND_BYTES;
  const input: PreviewTask = { kind, size: file.size, budget, parts };
  try {
    return await callOnThread<MediaPreview | null>(reader, file, {
      module: TASK,
      task: "makePreview",
      input,
    });
  } catch (error) {
    reader.signal.throwIfAborted();
    if (error instanceof StoreUnavailable) throw error;
    // The file changed, a limit was broken, or the thread was brought down.
    return null;
  }
}
