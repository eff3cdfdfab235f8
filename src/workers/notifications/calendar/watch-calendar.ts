import { z } from "zod";
import { activateChannel, beginChannel, hasFreshChannel, loseChannel } from "../../../calendar/channels.ts";
import { holdConnection } from "../../../calendar/connections.ts";
import {
  type Asked,
  askProvider,
  NOT_CONFIGURED,
  type OnBehalf,
  onBehalfOf,
  takeAnswer,
} from "../../../calendar/provider-calls.ts";
import { ownIdField } from "../../../ids.ts";
import type { Watched } from "../../../ports/calendar.ts";
import { enqueue, enqueueMany } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";
import { stopCalendarChannel } from "./stop-calendar-channel.ts";
import { syncCalendar } from "./sync-calendar.ts";

type Payload = { connectionId: string };
type Request = OnBehalf & { calendarId: string; channelId: string };
type Answer = Asked<Watched> & { channelId: string };

/**
 * One renewal: a new channel is written down, opened, and made the one; only then is the old one to be stopped. Whatever ends it
 * half-way, the old channel works on, and the next try goes on from what is written down.
 */
export const watchCalendar: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "watch-calendar",
  queue: "notifications",
  description: "Opens a new channel for a calendar whose channel runs out, and has the old one closed.",
  payload: z.object({
    connectionId: ownIdField().describe("which connection"),
  }),
  key: ({ connectionId }) => connectionId,
  attempts: 12,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ connectionId }: Payload, { tx, now, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const connection = await holdConnection(tx, connectionId);
    const onBehalf = connection?.status === "active" ? onBehalfOf(connection) : null;
    if (!connection || !onBehalf) return { nothing: "the connection is not active" };
    if (await hasFreshChannel(tx, connectionId, now)) return { nothing: "its channel is not due" };
    const channelId = await beginChannel(tx, connectionId, now);
    return { request: { ...onBehalf, calendarId: connection.calendarId, channelId } };
  },
  call: async ({ calendarId, channelId, ...onBehalf }: Request, context) => {
    const asked = await askProvider(onBehalf, context, (port, signal) =>
      port.watch({ grant: onBehalf.grant, calendarId, channelId }, signal),
    );
    return { ...asked, channelId };
  },
  record: async ({ connectionId }, { channelId, ...asked }, { tx, now }) => {
    const again = () => enqueue(tx, watchCalendar, { connectionId });
    const connection = await holdConnection(tx, connectionId);
    const taken = await takeAnswer(tx, asked, now, again);
    if ("outcome" in taken) return taken.outcome;
    const { result } = taken;
    if (result.kind === "taken") {
      await loseChannel(tx, channelId, result.tokenHash, now);
      await again();
      return done({ lost: 1 });
    }
    const wanted = connection?.status === "active";
    const toStop = await activateChannel(tx, { id: channelId, connectionId, wanted }, result, now);
    await enqueueMany(
      tx,
      stopCalendarChannel,
      toStop.map((id) => ({ channelId: id })),
    );
    // Whatever happened before the channel was open came over no channel.
    if (wanted) await enqueue(tx, syncCalendar, { connectionId });
    return done({ watched: wanted ? 1 : 0, drained: toStop.length });
  },
});
