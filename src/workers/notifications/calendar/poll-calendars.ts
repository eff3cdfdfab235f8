import { z } from "zod";
import { NOT_CONFIGURED } from "../../../calendar/provider-calls.ts";
import { connectionsNotSyncedSince } from "../../../calendar/sync-state.ts";
import { enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob } from "../../../queues/job.ts";
import { done, skipped } from "../../../queues/outcome.ts";
import { SYNC_POLICY } from "../../../scoring/calendar/calendar-sync.ts";
import { syncCalendar } from "./sync-calendar.ts";

/** Connections per pass. The next pass, half an hour later, picks up the rest. */
const MAX_PER_PASS = 10_000;

/** Push messages may get lost, so calendars that were not synced for six hours are synced anyway. */
export const pollCalendars = defineJob({
  name: "poll-calendars",
  queue: "notifications",
  description: "Syncs every calendar that was not synced for six hours, in case a push message was lost.",
  payload: z.object({}),
  key: () => "all",
  run: async (_payload, { tx, now, settings }) => {
    if (!settings.calendars.configured) return skipped(NOT_CONFIGURED);
    const since = new Date(now.getTime() - SYNC_POLICY.pollAfterMs);
    const due = await connectionsNotSyncedSince(tx, since, MAX_PER_PASS);
    await enqueueMany(
      tx,
      syncCalendar,
      due.map((connectionId) => ({ connectionId })),
    );
    return done({ reading: due.length });
  },
});
