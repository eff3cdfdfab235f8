import { z } from "zod";
import {
  channelsToStop,
  cleanUpChannels,
  connectionsToRenew,
  connectionsWithoutFreshChannel,
} from "../../../calendar/due-channels.ts";
import { NOT_CONFIGURED } from "../../../calendar/provider-calls.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { stopCalendarChannel } from "./stop-calendar-channel.ts";
import { watchCalendar } from "./watch-calendar.ts";

/**
 * Finds calendars whose channel is about to expire, and renewals that a crash left half done. It reads only
 * the recorded state of channels, so it repairs whatever happened to jobs that were enqueued before. Enqueues
 * one job per calendar.
 */
export const renewCalendarWatches = defineJob({
  name: "renew-calendar-watches",
  queue: "notifications",
  description: "Renews calendar channels before they expire, and completes interrupted renewals.",
  payload: z.object({
    full: z
      .boolean()
      .default(false)
      .describe("check every connection and clean up; default: only channels about to expire"),
  }),
  key: ({ full }) => (full ? "full" : "near"),
  run: async ({ full }, { tx, now, settings }) => {
    if (!settings.calendars.configured) return skipped(NOT_CONFIGURED);
    const due = full ? await connectionsWithoutFreshChannel(tx, now) : await connectionsToRenew(tx, now);
    const cleaned = full ? await cleanUpChannels(tx, now) : {};
    const toStop = await channelsToStop(tx, now);
    await enqueueMany(
      tx,
      watchCalendar,
      due.map((connectionId) => ({ connectionId })),
    );
    await enqueueMany(
      tx,
      stopCalendarChannel,
      toStop.map((channelId) => ({ channelId })),
    );
    return done({ renewing: due.length, stopping: toStop.length, ...cleaned });
  },
});
