import { z } from "zod";
import { deleteUnusedTokens, findDraining, markStopped } from "../../../calendar/channels.ts";
import { lockConnection } from "../../../calendar/connections.ts";
import {
  type ConnectionGrant,
  callProvider,
  connectionGrant,
  NOT_CONFIGURED,
  type ProviderAnswer,
  recordAnswer,
} from "../../../calendar/provider-calls.ts";
import { enqueue } from "../../../queues/enqueue.ts";
import { defineJob, type OutsideJob } from "../../../queues/job.ts";
import { done } from "../../../queues/outcome.ts";

type Payload = { channelId: string };
type Request = ConnectionGrant & { channelId: string; resourceId: string };
type Answer = ProviderAnswer<{ readonly kind: "stopped" }>;

/**
 * The last step of a renewal: closes the replaced channel. Until then both channels push, which is harmless.
 */
export const stopCalendarChannel: OutsideJob<Payload, Request, Answer> = defineJob({
  name: "stop-calendar-channel",
  queue: "notifications",
  description: "Closes a calendar channel that was replaced or is no longer needed.",
  payload: z.object({ channelId: z.uuid().describe("id of the channel") }),
  key: ({ channelId }) => channelId,
  timeLimitMs: 60_000,
  backOff: { baseMs: 10_000, capMs: 3_600_000 },
  prepare: async ({ channelId }, { tx, settings }) => {
    if (!settings.calendars.configured) return { nothing: NOT_CONFIGURED };
    const channel = await findDraining(tx, channelId);
    if (!channel) return { nothing: "the channel is not draining" };
    if (channel.resourceId === null) return { nothing: "the resource id of the channel is not known yet" };
    const granted = connectionGrant(await lockConnection(tx, channel.connectionId));
    if (!granted) return { nothing: "its connection has no grant: the channel will expire" };
    return { request: { ...granted, channelId, resourceId: channel.resourceId } };
  },
  call: ({ channelId, resourceId, ...granted }: Request, context) =>
    callProvider(granted, context, (port, signal) =>
      port.stop({ grant: granted.grant, channelId, resourceId }, signal),
    ),
  record: async ({ channelId }, answer, { tx, now }) => {
    const recorded = await recordAnswer(tx, answer, now, () =>
      enqueue(tx, stopCalendarChannel, { channelId }),
    );
    if ("outcome" in recorded) return recorded.outcome;
    await markStopped(tx, channelId, now);
    await deleteUnusedTokens(tx, answer.connection.id);
    return done({ stopped: 1 });
  },
});
