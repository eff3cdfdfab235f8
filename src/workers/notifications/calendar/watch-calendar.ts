import { z } from "zod";
import {
  abandonChannel,
  activateChannel,
  beginChannel,
  hasFreshChannel,
} from "../../../calendar/channels.ts";
import { lockConnection } from "../../../calendar/connections.ts";
import {
  type ConnectionGrant,
  callProvider,
  connectionGrant,
  NOT_CONFIGURED,
  type ProviderAnswer,
  recordAnswer,
} from "../../../calendar/provider-calls.ts";
import { ownIdField } from "../../../ids.ts";
import type { Watched } from "../../../ports/calendar.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";
import { stopCalendarChannel } from "./stop-calendar-channel.ts";
import { syncCalendar } from "./sync-calendar.ts";

type Payload = { connectionId: string };
type Request = ConnectionGrant & { calendarId: string; channelId: string };
type Answer = ProviderAnswer<Watched> & { channelId: string };

/**
 * One renewal: the new channel is recorded, opened and activated, and only then is the old one stopped. If it
 * fails half-way, the old channel still works, and the next attempt continues with the recorded channel.
 */
export const watchCalendar: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "watch-calendar",
  queue: "notifications",
  description: "Opens a new channel for a calendar whose channel is about to expire, and closes the old one.",
  payload: z.object({
    connectionId: ownIdField().describe("id of the connection"),
  }),
  key: ({ connectionId }) => connectionId,
  attempts: 12,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ connectionId }: Payload, { tx, now, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const connection = await lockConnection(tx, connectionId);
    const granted = connection?.status === "active" ? connectionGrant(connection) : null;
    if (!connection || !granted) return { nothing: "the connection is not active" };
    if (await hasFreshChannel(tx, connectionId, now))
      return { nothing: "its channel is not due for renewal" };
    const channelId = await beginChannel(tx, connectionId, now);
    return { request: { ...granted, calendarId: connection.calendarId, channelId } };
  },
  call: async ({ calendarId, channelId, ...granted }: Request, context) => {
    const answer = await callProvider(granted, context, (port, signal) =>
      port.watch({ grant: granted.grant, calendarId, channelId }, signal),
    );
    return { ...answer, channelId };
  },
  record: async ({ connectionId }, { channelId, ...answer }, { tx, now }) => {
    const retry = () => enqueue(tx, watchCalendar, { connectionId });
    const connection = await lockConnection(tx, connectionId);
    const recorded = await recordAnswer(tx, answer, now, retry);
    if ("outcome" in recorded) return recorded.outcome;
    const { result } = recorded;
    if (result.kind === "taken") {
      await abandonChannel(tx, channelId, result.tokenHash, now);
      await retry();
      return done({ lost: 1 });
    }
    const wanted = connection?.status === "active";
    const toStop = await activateChannel(tx, { id: channelId, connectionId, wanted }, result, now);
    await enqueueMany(
      tx,
      stopCalendarChannel,
      toStop.map((id) => ({ channelId: id })),
    );
    // Changes made before the channel was open were not pushed.
    if (wanted) await enqueue(tx, syncCalendar, { connectionId });
    return done({ watched: wanted ? 1 : 0, drained: toStop.length });
  },
});
