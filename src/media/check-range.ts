import { setTimeout as delay } from "node:timers/promises";
import { linkSignals } from "../deadlines.ts";
import { type MediaStore, StoreUnavailable } from "../ports/media-store/media-store.ts";
import type { ComputeContext } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import { type CheckRange, type PendingCheck, pendingChecks, witnessKeys } from "./queue-checks.ts";
import { checkFile, type FileCheck, type FileReader, isFileThere } from "./read-file.ts";

/** The preview of a file whose verdict stays. */
type PreviewAlone = { readonly verdict: null } & Pick<FileCheck, "preview">;

/** A record of a range with the verdict on its file; null if the file was not read. */
export type CheckedRecord = {
  readonly record: PendingCheck;
  readonly check: FileCheck | PreviewAlone | null;
};

/** Files of one range that are read at a time: as many as there are threads. */
const AT_ONCE = 2;
/** After this the rest of a range is left for the next run: an attempt may last ten minutes. */
const READ_LIMIT_MS = 300_000;
/** While a store is unavailable for longer, no worker waits for it. */
const MAX_WAIT_MS = 5_000;

/**
 * Reads the files of a range, before the transaction that records them.
 *
 * @returns null in a dry run.
 * @throws Snooze while the store is unavailable: no attempt is used, and no record fails.
 */
export async function checkRangeFiles(
  range: CheckRange,
  context: ComputeContext,
): Promise<CheckedRecord[] | null> {
  const { limits, previews } = context.settings.media;
  const { pending, witnesses } = await context.read(async (tx) => ({
    pending: await pendingChecks(tx, range, previews),
    witnesses: await witnessKeys(tx),
  }));
  return context.fetch({ media: pending.map(({ id }) => id) }, async ({ mediaStore }) => {
    if (mediaStore === null) return pending.map((record) => ({ record, check: null }));
    if (range.pauseMs > 0) await delay(range.pauseMs, undefined, { signal: context.signal });
    const { compute, signal } = context;
    const reader = { store: mediaStore, guarded: compute.guarded, limits, previews, witnesses, signal };
    return readAll(pending, reader);
  });
}

async function readAll(pending: readonly PendingCheck[], reader: FileReader): Promise<CheckedRecord[]> {
  const results = pending.map((record): CheckedRecord => ({ record, check: null }));
  const stop = new AbortController();
  const linked = linkSignals(reader.signal, stop.signal);
  const inRange = { ...reader, signal: linked.signal };
  const endMs = performance.now() + READ_LIMIT_MS;
  let next = 0;
  const readOneByOne = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const record = pending[index];
      if (!record || performance.now() > endMs) return;
      results[index] = { record, check: await checkOrLeave(inRange, record, pending) };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, readOneByOne));
  } finally {
    stop.abort();
    linked.release();
  }
  return results;
}

/**
 * Checks a file. If the store refuses it, the store is tried with another one: a store that refuses a single
 * file, for whatever reason, must not keep all others waiting, so that file is left as it is.
 *
 * @returns null if the file was left.
 */
async function checkOrLeave(
  reader: FileReader,
  { storageKey: key, kind, isPreviewOnly }: PendingCheck,
  pending: readonly PendingCheck[],
): Promise<CheckedRecord["check"]> {
  try {
    // Also if only a preview is missing: only a file that is READY now may be decoded.
    const check = await checkFile(reader, { key, kind });
    return isPreviewOnly ? { verdict: null, preview: check.preview } : check;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    const others = [...reader.witnesses, ...pending.map(({ storageKey }) => storageKey)];
    if (
      await answersFor(
        reader.store,
        others.find((other) => other !== key),
        error,
        reader.signal,
      )
    )
      return null;
    throw new Snooze(error.retryAfterMs ?? MAX_WAIT_MS, error.message);
  }
}

/** Whether a store that was unavailable answers for a key, as soon as it may be asked again. */
async function answersFor(
  store: MediaStore,
  key: string | undefined,
  { retryAfterMs }: StoreUnavailable,
  signal: AbortSignal,
): Promise<boolean> {
  const waitMs = retryAfterMs ?? 0;
  if (key === undefined || waitMs > MAX_WAIT_MS) return false;
  await delay(waitMs, undefined, { signal });
  try {
    return await isFileThere(store, key, signal);
  } catch (error) {
    if (error instanceof StoreUnavailable) return false;
    throw error;
  }
}
