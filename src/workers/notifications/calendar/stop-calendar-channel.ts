import { z } from "zod";
import { deleteUnusedTokens, findDraining, markStopped } from "../../../calendar/channels.ts";
import { holdConnection } from "../../../calendar/connections.ts";
import {
  type Asked,
  askProvider,
  NOT_CONFIGURED,
  type OnBehalf,
  onBehalfOf,
  takeAnswer,
} from "../../../calendar/provider-calls.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

type Payload = { channelId: string };
type Request = OnBehalf & { channelId: string; resourceId: string };
type Answer = Asked<{ readonly kind: "stopped" }>;

/** The last step of a renewal: what was replaced is closed. Until then both channels bring messages, which does no harm. */
export const stopCalendarChannel: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "stop-calendar-channel",
  queue: "notifications",
  description: "Closes a channel of a calendar that was replaced, or that nobody wants any more.",
  payload: z.object({ channelId: z.uuid().describe("which channel") }),
  key: ({ channelId }) => channelId,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ channelId }, { tx, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const channel = await findDraining(tx, channelId);
    if (!channel) return { nothing: "the channel is not to be stopped" };
    if (channel.resourceId === null) return { nothing: "nothing has told yet what the channel watches" };
    const onBehalf = onBehalfOf(await holdConnection(tx, channel.connectionId));
    if (!onBehalf) return { nothing: "its connection holds no grant: the channel ends by itself" };
    return { request: { ...onBehalf, channelId, resourceId: channel.resourceId } };
  },
  call: ({ channelId, resourceId, ...onBehalf }: Request, context) =>
    askProvider(onBehalf, context, (port, signal) =>
      port.stop({ grant: onBehalf.grant, channelId, resourceId }, signal),
    ),
  record: async ({ channelId }, asked, { tx, now }) => {
    const taken = await takeAnswer(tx, asked, now, () => enqueue(tx, stopCalendarChannel, { channelId }));
    if ("outcome" in taken) return taken.outcome;
    await markStopped(tx, channelId, now);
    await deleteUnusedTokens(tx, asked.connection.id);
    return done({ stopped: 1 });
  },
});
