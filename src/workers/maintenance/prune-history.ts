import { sql } from "drizzle-orm";
import { z } from "zod";
import { idRangesBefore } from "../../db/id-ranges.ts";
import { closeUnreadFeeds } from "../../db/results/close-feeds.ts";
import { sizeCounts } from "../../db/sizes.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { HISTORY, type History, KINDS } from "../histories.ts";

/** Rows per range: well under a second. */
const PER_RANGE = 20_000n;
/** At most this many ranges per run and kind of history. The rest waits for the next run. */
const MAX_RANGES = 1_000;

/** The ids from `from` up to but not including `to`. */
const range = z.object({ kind: z.enum(KINDS), from: z.string(), to: z.string(), before: z.string() });
type Range = z.infer<typeof range>;

/**
 * Deletes old webhook calls, runs, audit entries, failed logins, engagement and noted changes of results, and
 * closes change feeds that nobody reads. What is about money stays.
 */
export const pruneHistory = defineJob({
  name: "prune-history",
  queue: "maintenance",
  description:
    "Deletes webhook calls, finished runs, audit entries, failed logins and engagement older than the configured numbers of days, except records about money, and changes of results older than eight days. Closes change feeds that were not read for eight days, and counts the MiB of the database and its largest tables.",
  payload: z.object({}),
  key: () => "all",
  range,
  cut: async (_payload, { tx, now, settings }) => {
    await closeUnreadFeeds(tx, now);
    const ranges: Range[] = [];
    for (const kind of KINDS) {
      const history = HISTORY[kind];
      const kept = history.days(settings);
      if (kept === 0) continue;
      const before = new Date(now.getTime() - kept * 86_400_000).toISOString();
      const ids = await idRangesBefore(tx, history, before, { size: PER_RANGE, max: MAX_RANGES });
      ranges.push(...ids.map((range) => ({ kind, ...range, before })));
    }
    return ranges;
  },
  run: async ({ kind, from, to, before }, { tx }) => {
    const { table, time, among = sql`true`, deletable = sql`true` }: History = HISTORY[kind];
    const pruned = await tx.execute(
      sql`delete from ${sql.identifier(table)} r
          where r.id >= ${from} and r.id < ${to} and r.${sql.identifier(time)} < ${before}::timestamptz
            and ${among} and ${deletable}`,
    );
    return done({ [kind]: pruned.rowCount ?? 0 });
  },
  // So that `doctor` can tell what grows.
  sum: async (_payload, counts, { tx }) => done({ ...counts, ...(await sizeCounts(tx)) }),
});
