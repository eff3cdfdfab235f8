import { z } from "zod";
import { countOrphans, cutOldMedia, deleteOrphans } from "../../media/orphans.ts";
import { NO_STORE } from "../../media/queue-checks.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done, skipped } from "../../queues/outcome.ts";
import { deleteMediaFiles, KEYS_PER_CALL } from "./delete-media-files.ts";

/** The ids from `from` up to but not including `to`. */
const range = z.object({ from: z.string(), to: z.string() });

/** Deletes uploads that nothing uses: the record here, and the file by a job of its own. */
export const mediaOrphanCleanup = defineJob({
  name: "media-orphan-cleanup",
  queue: "media",
  description:
    "Deletes media records and files that no post or profile has used for a day; only counts them unless MEDIA_DELETE_ORPHANS is true.",
  payload: z.object({}),
  key: () => "all",
  range,
  cut: (_payload, { tx, now, settings }) =>
    settings.media.isStored ? cutOldMedia(tx, now) : Promise.resolve([]),
  run: async (ids, { tx, now, settings }) => {
    if (!settings.media.deleteOrphans) return done({ orphans: await countOrphans(tx, ids, now) });
    const { records, keys } = await deleteOrphans(tx, ids, now);
    for (let at = 0; at < keys.length; at += KEYS_PER_CALL)
      await enqueue(tx, deleteMediaFiles, { keys: keys.slice(at, at + KEYS_PER_CALL) });
    return done({ orphans: records, deleted: records });
  },
  sum: async (_payload, counts, { settings }) =>
    settings.media.isStored ? done({ orphans: 0, ...counts }) : skipped(NO_STORE),
});
