import {
  FileFaulty,
  type MediaStore,
  type StoredFile,
  StoreUnavailable,
} from "../ports/media-store/media-store.ts";
import {
  decideMedia,
  type FileFault,
  type MediaKind,
  type MediaLimits,
  type Reading,
  tooManyBytes,
  type Verdict,
} from "../scoring/media/limits.ts";
import type { MediaPreview, PreviewParts } from "../scoring/media/previews.ts";
import { LimitBroken } from "../threads/thread-limits.ts";
import { callOnThread, type ThreadAccess } from "./call-on-thread.ts";
import { previewOf } from "./make-preview.ts";
import type { ReadTask } from "./read-metadata.task.ts";

/** The verdict on one file, its size if it could be opened, and the preview of a READY file. */
export type FileCheck = {
  readonly verdict: Verdict;
  readonly sizeBytes: number | null;
  readonly preview: MediaPreview | null;
};

export type FileReader = ThreadAccess & {
  readonly store: MediaStore;
  readonly limits: MediaLimits;
  /** The previews to make of files. */
  readonly previews: PreviewParts;
  /** Keys of files that were read lately. */
  readonly witnesses: readonly string[];
};

const TASK = new URL(
  `./read-metadata.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Headers and index of video and audio; a few files in a thousand need more than 1 MiB. */
const AV_BUDGET = 16 * 1024 * 1024;

/**
 * Checks one file of the store. The parsers run on a thread, which requests the ranges that it needs.
 *
 * @throws StoreUnavailable if no verdict is possible; the reason of the signal.
 */
export async function checkFile(
  reader: FileReader,
  { key, kind }: { readonly key: string; readonly kind: MediaKind },
): Promise<FileCheck> {
  const { store, signal } = reader;
  let file: StoredFile;
  try {
    file = await store.open(key, signal);
  } catch (error) {
    if (!(error instanceof FileFaulty)) throw error;
    if (error.fault === "missing") await requireContent(reader, key);
    return { verdict: failed(error.fault), sizeBytes: null, preview: null };
  }
  try {
    const verdict = await verdictOn(reader, file, kind);
    const preview = verdict.status === "READY" ? await previewOf(reader, file, verdict.metadata) : null;
    return { verdict, sizeBytes: file.size, preview };
  } finally {
    await file.close();
  }
}

async function verdictOn(reader: FileReader, file: StoredFile, expected: MediaKind): Promise<Verdict> {
  const { limits } = reader;
  if (file.size === 0) return failed("empty");
  if (expected === "IMAGE" && file.size > limits.imageBytes)
    return tooManyBytes(file.size, limits.imageBytes);
  return decideMedia(expected, await readOnThread(reader, file), limits);
}

const failed = (fault: FileFault): Verdict => ({ status: "FAILED_PROCESSING", fault });

/**
 * If all files are missing, as in a folder that is not mounted, the store is at fault, not the file.
 * @throws StoreUnavailable if files that were read lately are missing as well.
 */
async function requireContent({ store, witnesses, signal }: FileReader, key: string): Promise<void> {
  const others = witnesses.filter((witness) => witness !== key);
  if (others.length === 0) return;
  for (const witness of others) if (await isFileThere(store, witness, signal)) return;
  throw new StoreUnavailable("files that it had are missing");
}

/** @throws StoreUnavailable */
export async function isFileThere(store: MediaStore, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    await (await store.open(key, signal)).close();
    return true;
  } catch (error) {
    if (error instanceof FileFaulty) return error.fault !== "missing";
    throw error;
  }
}

async function readOnThread(reader: FileReader, file: StoredFile): Promise<Reading> {
  const { limits, signal } = reader;
  const input: ReadTask = { size: file.size, budget: AV_BUDGET, imageBudget: limits.imageBytes };
  try {
    return await callOnThread<Reading>(reader, file, { module: TASK, task: "readMetadata", input });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreUnavailable) throw error;
    if (error instanceof FileFaulty) return unreadable(error.fault);
    if (error instanceof LimitBroken) return unreadable(error.limit);
    // The fault of a file that crashed its thread, unless the parsers cannot be loaded on this machine at
    // all.
    await callOnThread(reader, file, { module: TASK, task: "parsersLoad", input: null });
    return unreadable("unreadable");
  }
}

const unreadable = (fault: FileFault): Reading => ({ kind: "unreadable", fault });
