import { createHash } from "node:crypto";
import { z } from "zod";
import { unusedKeys } from "../../media/orphans.ts";
import { NO_STORE } from "../../media/queue-checks.ts";
import { FileFaulty, StoreUnavailable } from "../../ports/media-store/media-store.ts";
import { defineJob, type OutsideJob } from "../../queues/job.ts";
import { done, Snooze } from "../../queues/outcome.ts";

export const KEYS_PER_CALL = 100;

const LONG_MS = 3_600_000;

type Payload = { keys: string[] };
type Request = { readonly keys: readonly string[] };
type Answer = { readonly deleted: number; readonly refused: number };

/** Deletes files whose records are gone. Deleting one again does nothing. */
export const deleteMediaFiles: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "delete-media-files",
  queue: "media",
  description: "Deletes files of the media store whose records were deleted.",
  payload: z.object({
    keys: z.array(z.string()).min(1).max(KEYS_PER_CALL).describe("the storage keys"),
  }),
  key: ({ keys }) => createHash("sha256").update(keys.join("\0")).digest("hex"),
  timeLimitMs: 600_000,
  prepare: async ({ keys }, { tx, settings }) => {
    if (!settings.media.isStored) return { nothing: NO_STORE };
    const unused = await unusedKeys(tx, keys);
    return unused.length === 0
      ? { nothing: "records have the files again" }
      : { request: { keys: unused } satisfies Request };
  },
  call: async ({ keys }, { ports, signal }) => {
    if (ports.mediaStore === null) throw new Snooze(LONG_MS, NO_STORE);
    let refused = 0;
    for (const key of keys) {
      try {
        await ports.mediaStore.delete(key, signal);
      } catch (error) {
        if (error instanceof StoreUnavailable) throw new Snooze(error.retryAfterMs ?? LONG_MS, error.message);
        if (!(error instanceof FileFaulty)) throw error;
        refused += 1;
      }
    }
    return { deleted: keys.length - refused, refused };
  },
  record: async (_payload, { deleted, refused }) => done({ deleted, ...(refused > 0 ? { refused } : {}) }),
});
