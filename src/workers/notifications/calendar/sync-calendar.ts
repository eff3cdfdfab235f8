import { z } from "zod";
import { type Connection, holdConnection } from "../../../calendar/connections.ts";
import {
  type Asked,
  askProvider,
  NOT_CONFIGURED,
  type OnBehalf,
  onBehalfOf,
  takeAnswer,
} from "../../../calendar/provider-calls.ts";
import { removeUnseen } from "../../../calendar/removed-entries.ts";
import { saveEvents } from "../../../calendar/save-events.ts";
import { forgetPlace, loadSync, storeEnd, storePage } from "../../../calendar/sync-state.ts";
import type { Tx } from "../../../db/transaction.ts";
import { ownIdField } from "../../../ids.ts";
import type { EventsCursor, EventsPage } from "../../../ports/calendar.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { type Counts, done, skipped } from "../../../queues/outcome.ts";
import { nextSyncStep, type SyncStep } from "../../../scoring/calendar/calendar-sync.ts";

type Payload = { connectionId: string };
/** `fullSince` is when the reading of everything began that this page belongs to; null between pages of changes. */
type Request = OnBehalf & { calendarId: string; cursor: EventsCursor; fullSince: string | null };
type Answer = Asked<EventsPage | { readonly kind: "expired" }> & Pick<Request, "cursor" | "fullSince">;

/** Reads one page, stores it, and asks for itself again while there is more: no transaction is longer than a page. */
export const syncCalendar: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "sync-calendar",
  queue: "notifications",
  description: "Reads what has changed in a user's calendar, and stores its meetings and who takes part.",
  payload: z.object({
    connectionId: ownIdField().describe("which connection"),
  }),
  key: ({ connectionId }) => connectionId,
  attempts: 12,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ connectionId }, { tx, now, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const connection = await holdConnection(tx, connectionId);
    const onBehalf = connection?.status === "active" ? onBehalfOf(connection) : null;
    if (!connection || !onBehalf) return { nothing: "the connection is not active" };
    const step = nextSyncStep(await loadSync(tx, connectionId), now);
    return { request: { ...onBehalf, calendarId: connection.calendarId, ...cursorOf(step) } };
  },
  call: async ({ calendarId, cursor, fullSince, ...onBehalf }: Request, context) => {
    const asked = await askProvider(onBehalf, context, (port, signal) =>
      port.listEvents({ grant: onBehalf.grant, calendarId, cursor }, signal),
    );
    return { ...asked, cursor, fullSince };
  },
  record: async ({ connectionId }, { cursor, fullSince, ...asked }, { tx, now }) => {
    const again = () => enqueue(tx, syncCalendar, { connectionId });
    const connection = await holdConnection(tx, connectionId);
    const taken = await takeAnswer(tx, asked, now, again);
    if ("outcome" in taken) return taken.outcome;
    // Connected anew while the call was under way: perhaps another calendar.
    if (connection?.status !== "active" || connection.grantNumber !== asked.connection.grantNumber)
      return skipped("the connection has changed meanwhile");
    if (taken.result.kind === "expired") {
      await forgetPlace(tx, connectionId);
      await again();
      return done({ startedOver: 1 });
    }
    const counts = await takePage(tx, connection, taken.result, { cursor, fullSince }, now);
    if (taken.result.nextPageToken !== null) await again();
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

async function takePage(
  tx: Tx,
  connection: Connection,
  page: EventsPage,
  { cursor, fullSince }: Pick<Request, "cursor" | "fullSince">,
  now: Date,
): Promise<Counts> {
  const { syncedAt: lastSyncedAt } = await loadSync(tx, connection.id);
  const counts = await saveEvents(tx, { connection, events: page.events, lastSyncedAt, now });
  const startedAt = fullSince === null ? null : new Date(fullSince);
  if (page.nextPageToken !== null) {
    await storePage(tx, connection.id, page.nextPageToken, startedAt);
    return { pages: 1, ...counts };
  }
  await storeEnd(tx, connection.id, page.nextSyncToken ?? "", startedAt, now);
  if (startedAt === null || cursor.window === null) return { pages: 1, ...counts };
  const window = { startedAt, from: new Date(cursor.window.from), until: new Date(cursor.window.until) };
  const unseen = await removeUnseen(tx, connection, window, now);
  return { pages: 1, ...counts, unseen };
}
