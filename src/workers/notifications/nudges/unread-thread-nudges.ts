import { z } from "zod";
import { recordUnreadNudges, updateWatches } from "../../../nudges/record-unread.ts";
import { readUnreadFacts } from "../../../nudges/unread-facts.ts";
import {
  nextUnreadRanges,
  takeUnreadMarks,
  type UnreadRange,
  unreadRange,
  type WatchRange,
} from "../../../nudges/unread-ranges.ts";
import { defineJob, type JobContext, type RangedJob } from "../../../queues/job.ts";
import { countReasons, done, further, type Outcome, skipped } from "../../../queues/outcome.ts";
import { decideUnreadNudge } from "../../../scoring/notifications/unread-nudge.ts";

type Payload = Record<string, never>;

/**
 * Checks only participants that triggers have marked or earlier runs have watched, never at every thread. The
 * first rounds turn marks into watches, the others check the watched participants.
 */
export const unreadThreadNudges: RangedJob<Payload, UnreadRange> = defineJob<Payload, UnreadRange>({
  name: "unread-thread-nudges",
  queue: "notifications",
  description: "Nudges users about threads in which messages have been unread for hours.",
  payload: z.object({}),
  key: () => "all",
  range: unreadRange,
  cut: (_payload, { tx, now, settings }) => nextUnreadRanges(tx, settings.nudges.unread, now, 0),
  run: async (range, context) =>
    range.kind === "marks"
      ? done({ marks: await takeUnreadMarks(context.tx, range, context.now) })
      : nudgeWatched(range, context),
  sum: async (_payload, counts, { tx, now, settings, round }) => {
    const ranges = await nextUnreadRanges(tx, settings.nudges.unread, now, round + 1);
    if (ranges.length > 0) return further(ranges, counts);
    if (Object.keys(counts).length === 0) return skipped("no thread is due");
    return done({ nudged: 0, users: 0, ...counts });
  },
});

async function nudgeWatched(range: WatchRange, { tx, now, settings, remark }: JobContext): Promise<Outcome> {
  const participants = await readUnreadFacts(tx, range);
  const decided = participants.map((participant) => ({
    participant,
    decision: decideUnreadNudge(participant, settings.nudges.unread, now),
  }));
  for (const { participant, decision } of decided) {
    remark({
      about: `user ${participant.userId}, thread ${participant.threadId}`,
      decision: decision.kind === "none" ? decision.reason : `nudged (step ${decision.step})`,
    });
  }
  const { nudged, users } = await recordUnreadNudges(tx, decided, now);
  await updateWatches(tx, range, decided, now);
  const read = range.users.length - participants.length;
  return done({ nudged, users, read, ...countReasons(decided.map(({ decision }) => decision)) });
}
