import { z } from "zod";
import { keepWatches, recordUnreadNudges } from "../../../nudges/record-unread.ts";
import { tallyOf } from "../../../nudges/tally.ts";
import { readUnreadFacts } from "../../../nudges/unread-facts.ts";
import { cutUnread, isUnreadLeft, type UnreadRange } from "../../../nudges/unread-ranges.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type RangedJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { decideUnreadNudge } from "../../../scoring/notifications/unread-nudge.ts";

type Payload = Record<string, never>;

/** Looks at whom triggers have marked and earlier runs have watched, never at every thread. */
export const unreadThreadNudges: RangedJob<Payload, UnreadRange> = defineJob<Payload, UnreadRange>({
  name: "unread-thread-nudges",
  queue: "notifications",
  description: "Nudges users about threads in which messages to them have waited for hours.",
  payload: z.object({}),
  key: () => "all",
  cut: (_payload, { tx, now, settings }) => cutUnread(tx, settings.nudges.unread, now),
  run: async (range, { tx, now, settings, remark }) => {
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
    await keepWatches(tx, range, decided, now);
    const read = range.users.length - participants.length;
    return done({ nudged, users, read, ...tallyOf(decided.map(({ decision }) => decision)) });
  },
  sum: async (_payload, counts, { tx, now, settings }) => {
    if (Object.keys(counts).length === 0) return skipped("nothing is marked, and nobody is watched for now");
    if (await isUnreadLeft(tx, settings.nudges.unread, now)) await enqueue(tx, unreadThreadNudges, {});
    return done({ nudged: 0, users: 0, ...counts });
  },
});
