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
import type { GuardedThreads } from "../threads/guarded-threads.ts";
import { LimitBroken } from "../threads/thread-limits.ts";
import type { ReadRequest, ReadTask } from "./read-metadata.task.ts";

/** The verdict on one file, and its size if it could be opened. */
export type FileCheck = { readonly verdict: Verdict; readonly sizeBytes: number | null };

export type FileReader = {
  readonly store: MediaStore;
  readonly guarded: GuardedThreads;
  readonly limits: MediaLimits;
  /** Keys of files that were read lately. */
  readonly witnesses: readonly string[];
  readonly signal: AbortSignal;
  /** For tests. */
  readonly callLimits?: typeof CALL_LIMITS;
};

const TASK = new URL(
  `./read-metadata.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Of one file. Reading a header takes milliseconds; a parser that needs seconds does not end. */
const CALL_LIMITS = { processorMs: 5_000, totalMs: 60_000 };

/** Headers and index of video and audio; a few files in a thousand need more than 1 MiB. */
const AV_BUDGET = 16 * 1024 * 1024;

/**
 * Checks one file of the store. The parsers run on a thread, which asks for the ranges that it needs.
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
    return { verdict: failed(error.fault), sizeBytes: null };
  }
  try {
    return { verdict: await verdictOn(reader, file, kind), sizeBytes: file.size };
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
 * A store that has lost all of its files, such as a folder that is not mounted, has lost no single one.
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

async function readOnThread(
  { guarded, limits, signal, callLimits = CALL_LIMITS }: FileReader,
  file: StoredFile,
): Promise<Reading> {
  const waiting = createStopwatch();
  const answer = async (asked: unknown, ended: AbortSignal): Promise<Uint8Array> => {
    const { start, length } = asked as ReadRequest;
    waiting.begin();
    return file.read(start, length, ended).finally(() => waiting.end());
  };
  const input: ReadTask = { size: file.size, budget: AV_BUDGET, imageBudget: limits.imageBytes };
  try {
    return await guarded.call<Reading>(TASK, "readMetadata", input, { signal, limits: callLimits, answer });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreUnavailable) throw error;
    if (error instanceof FileFaulty) return unreadable(error.fault);
    if (error instanceof LimitBroken) {
      if (error.limit === "time" && waiting.totalMs() > callLimits.totalMs / 2)
        throw new StoreUnavailable("slow");
      return unreadable(error.limit);
    }
    // A thread that a file brought down, unless the parsers do not even load on this machine.
    await guarded.call(TASK, "parsersLoad", null, { signal, limits: callLimits, answer });
    return unreadable("unreadable");
  }
}

/** Sums the time in which at least one of several things is running. */
function createStopwatch(): { begin(): void; end(): void; totalMs(): number } {
  let running = 0;
  let sinceMs = 0;
  let summedMs = 0;
  return {
    begin() {
      if (running === 0) sinceMs = performance.now();
      running += 1;
    },
    end() {
      running -= 1;
      if (running === 0) summedMs += performance.now() - sinceMs;
    },
    totalMs: () => summedMs + (running > 0 ? performance.now() - sinceMs : 0),
  };
}

const unreadable = (fault: FileFault): Reading => ({ kind: "unreadable", fault });
