import { z } from "zod";
import { type Connection, lockConnection } from "../../../calendar/connections.ts";
import {
  type ConnectionGrant,
  callProvider,
  connectionGrant,
  NOT_CONFIGURED,
  type ProviderAnswer,
  recordAnswer,
} from "../../../calendar/provider-calls.ts";
import { removeMissing } from "../../../calendar/removed-entries.ts";
import { savePage } from "../../../calendar/save-page.ts";
import {
  finishSync,
  forgetEntries,
  loadSync,
  recordCalendarName,
  resetSync,
  storePage,
} from "../../../calendar/sync-state.ts";
import type { Tx } from "../../../db/transaction.ts";
import { ownIdField } from "../../../ids.ts";
import type { EventsCursor, EventsPage } from "../../../ports/calendar.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { type Counts, done, skipped } from "../../../queues/outcome.ts";
import { nextSyncStep, type SyncStep } from "../../../scoring/calendar/calendar-sync.ts";

type Payload = { connectionId: string };
/** `fullSince` is when the full sync of this page began; null in a sync of changes. */
type Request = ConnectionGrant & { calendarId: string; cursor: EventsCursor; fullSince: string | null };
type Answer = ProviderAnswer<EventsPage | { readonly kind: "expired" }> &
  Pick<Request, "cursor" | "fullSince">;

/**
 * Reads and stores one page, and enqueues itself while there are more, so that a transaction covers one page
 * at most.
 */
export const syncCalendar: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "sync-calendar",
  queue: "notifications",
  description: "Reads the changes of a user's calendar, and stores its meetings and their participants.",
  payload: z.object({
    connectionId: ownIdField().describe("id of the connection"),
  }),
  key: ({ connectionId }) => connectionId,
  attempts: 12,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ connectionId }, { tx, now, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const connection = await lockConnection(tx, connectionId);
    const granted = connection?.status === "active" ? connectionGrant(connection) : null;
    if (!connection || !granted) return { nothing: "the connection is not active" };
    const step = nextSyncStep(await loadSync(tx, connectionId), now);
    return { request: { ...granted, calendarId: connection.calendarId, ...cursorOf(step) } };
  },
  call: async ({ calendarId, cursor, fullSince, ...granted }: Request, context) => {
    const answer = await callProvider(granted, context, (port, signal) =>
      port.listEvents({ grant: granted.grant, calendarId, cursor }, signal),
    );
    return { ...answer, cursor, fullSince };
  },
  record: async ({ connectionId }, { cursor, fullSince, ...answer }, { tx, now }) => {
    const retry = () => enqueue(tx, syncCalendar, { connectionId });
    const connection = await lockConnection(tx, connectionId);
    const recorded = await recordAnswer(tx, answer, now, retry);
    if ("outcome" in recorded) return recorded.outcome;
    // The user reconnected during the call, possibly to another account.
    if (connection?.status !== "active" || connection.grantNumber !== answer.connection.grantNumber)
      return skipped("the connection has changed since the call");
    const page = recorded.result;
    if (page.kind === "expired" || (await isRenamed(tx, connectionId, page, cursor))) {
      await resetSync(tx, connectionId);
      await retry();
      return done({ startedOver: 1 });
    }
    const counts = await recordPage(tx, connection, page, { cursor, fullSince }, now);
    if (page.nextPageToken !== null) await retry();
    return done(counts);
  },
});

function cursorOf(step: SyncStep): Pick<Request, "cursor" | "fullSince"> {
  const { pageToken } = step;
  if (step.kind === "changes")
    return { cursor: { window: null, syncToken: step.syncToken, pageToken }, fullSince: null };
  const window = { from: step.from.toISOString(), until: step.until.toISOString() };
  return { cursor: { window, syncToken: null, pageToken }, fullSince: step.startedAt.toISOString() };
}

/**
 * Records the name of the calendar of a page. Until a full sync has ended under the current grant, another
 * name is another account: the entries of the earlier one are forgotten. Later it is the same calendar under
 * a new name.
 *
 * @returns whether the calendar was renamed between two syncs of changes: it is read in full then.
 */
async function isRenamed(
  tx: Tx,
  connectionId: string,
  { calendarName }: EventsPage,
  { window, pageToken }: EventsCursor,
): Promise<boolean> {
  const isAnother = await recordCalendarName(tx, connectionId, calendarName);
  if (!isAnother) return false;
  const { fullSyncedAt } = await loadSync(tx, connectionId);
  if (fullSyncedAt === null && pageToken === null) await forgetEntries(tx, connectionId);
  return window === null;
}

async function recordPage(
  tx: Tx,
  connection: Connection,
  page: EventsPage,
  { cursor, fullSince }: Pick<Request, "cursor" | "fullSince">,
  now: Date,
): Promise<Counts> {
  const { syncedAt: lastSyncedAt } = await loadSync(tx, connection.id);
  const counts = await savePage(tx, { connection, entries: page.events, lastSyncedAt, now });
  const startedAt = fullSince === null ? null : new Date(fullSince);
  if (page.nextPageToken !== null) {
    await storePage(tx, connection.id, page.nextPageToken, startedAt);
    return { pages: 1, ...counts };
  }
  await finishSync(tx, connection.id, page.nextSyncToken ?? "", startedAt, now);
  if (startedAt === null || cursor.window === null) return { pages: 1, ...counts };
  const window = { startedAt, from: new Date(cursor.window.from), until: new Date(cursor.window.until) };
  const unseen = await removeMissing(tx, connection, window, now);
  return { pages: 1, ...counts, unseen };
}
