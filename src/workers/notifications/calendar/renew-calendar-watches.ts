import { z } from "zod";
import {
  channelsToStop,
  connectionsToRenew,
  connectionsWithoutFreshChannel,
  tidyChannels,
} from "../../../calendar/due-channels.ts";
import { NOT_CONFIGURED } from "../../../calendar/provider-calls.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { stopCalendarChannel } from "./stop-calendar-channel.ts";
import { watchCalendar } from "./watch-calendar.ts";

/**
 * Finds the calendars whose channel runs out, and what a crash has left half done. It reads what is written down about channels and
 * nothing else, so it repairs whatever happened to the work that was asked for before. Each calendar is a piece of work of its own.
 */
export const renewCalendarWatches = defineJob({
  name: "renew-calendar-watches",
  queue: "notifications",
  description:
    "Renews the channels of calendars before they run out, and takes up renewals that were cut off.",
  payload: z.object({
    full: z
      .boolean()
      .default(false)
      .describe("look at every connection, and tidy up; else only at channels that run out"),
  }),
  key: ({ full }) => (full ? "full" : "near"),
  run: async ({ full }, { tx, now, settings }) => {
    if (!settings.calendars.configured) return skipped(NOT_CONFIGURED);
    const due = full ? await connectionsWithoutFreshChannel(tx, now) : await connectionsToRenew(tx, now);
    const tidied = full ? await tidyChannels(tx, now) : {};
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
    return done({ renewing: due.length, stopping: toStop.length, ...tidied });
  },
});
