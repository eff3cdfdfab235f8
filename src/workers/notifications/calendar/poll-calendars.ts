import { z } from "zod";
import { NOT_CONFIGURED } from "../../../calendar/provider-calls.ts";
import { connectionsNotReadSince } from "../../../calendar/sync-state.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { SYNC_POLICY } from "../../../scoring/calendar/calendar-sync.ts";
import { syncCalendar } from "./sync-calendar.ts";

/** So many a pass: the rest at the next one, half an hour later. */
const MAX_PER_PASS = 10_000;

/** The provider does not promise that its messages arrive. What was not read for long is read, message or not. */
export const pollCalendars = defineJob({
  name: "poll-calendars",
  queue: "notifications",
  description:
    "Has every calendar read that was not read for six hours, in case a message of the provider was lost.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now, settings }) => {
    if (!settings.calendars.configured) return skipped(NOT_CONFIGURED);
    const since = new Date(now.getTime() - SYNC_POLICY.pollAfterMs);
    const due = await connectionsNotReadSince(tx, since, MAX_PER_PASS);
    await enqueueMany(
      tx,
      syncCalendar,
      due.map((connectionId) => ({ connectionId })),
    );
    return done({ reading: due.length });
  },
});
