import { createHash, timingSafeEqual } from "node:crypto";
import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import { stopCalendarChannel } from "../workers/notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "../workers/notifications/calendar/sync-calendar.ts";

/** What the provider says over a channel: that something has changed. What, has to be asked for. */
export type Push = {
  readonly channelId: string;
  readonly secret: string;
  readonly resourceId: string;
  /** `sync` is the first message of a channel, and no change. */
  readonly state: string;
};

/** `unknown`: no such channel, another secret or another resource. The sender is never told which, nor that it was so. */
export type PushFate = "accepted" | "greeting" | "unknown" | "ignored";

type Channel = {
  id: string;
  connectionId: string;
  state: "creating" | "active" | "draining" | "stopped";
  tokenHash: string | null;
  resourceId: string | null;
  isActive: boolean;
};

/** So that a channel that does not exist takes as long as one with another secret. */
const NOBODY = Buffer.alloc(32);

/**
 * Takes a group of messages in one transaction: those of one calendar become one piece of work, however many came. A greeting or a
 * change over a channel whose answer was lost tells what it watches: now it can be closed.
 */
export async function takePushes(tx: Tx, pushes: readonly Push[]): Promise<PushFate[]> {
  const channels = await findChannels(tx, pushes);
  const toRead = new Set<string>();
  const toStop = new Map<string, Push>();
  const fates = pushes.map((push): PushFate => {
    const channel = channels.get(push.channelId);
    if (!isAuthentic(push, channel) || channel === undefined) return "unknown";
    if (channel.state === "stopped" || !channel.isActive) return "ignored";
    if (channel.resourceId === null && channel.state === "draining") toStop.set(channel.id, push);
    if (push.state === "sync") return "greeting";
    toRead.add(channel.connectionId);
    return "accepted";
  });
  await learnResources(tx, [...toStop.values()]);
  await enqueueMany(
    tx,
    syncCalendar,
    [...toRead].map((connectionId) => ({ connectionId })),
  );
  await enqueueMany(
    tx,
    stopCalendarChannel,
    [...toStop.keys()].map((channelId) => ({ channelId })),
  );
  return fates;
}

async function findChannels(tx: Tx, pushes: readonly Push[]): Promise<Map<string, Channel>> {
  const found = await rows<Channel>(
    tx,
    sql`select ch.id, ch.connection_id as "connectionId", ch.state, encode(ch.token_hash, 'hex') as "tokenHash",
               ch.resource_id as "resourceId", c.status = 'active' as "isActive"
        from calendar_channels ch join calendar_connections c on c.id = ch.connection_id
        where ch.id = any(${array(pushes.map(({ channelId }) => channelId))}::uuid[])`,
  );
  return new Map(found.map((channel) => [channel.id, channel]));
}

function isAuthentic(push: Push, channel: Channel | undefined): boolean {
  const given = createHash("sha256").update(push.secret).digest();
  const hash = channel?.tokenHash;
  const isRight = timingSafeEqual(given, hash ? Buffer.from(hash, "hex") : NOBODY);
  return isRight && (channel?.resourceId === null || channel?.resourceId === push.resourceId);
}

async function learnResources(tx: Tx, pushes: readonly Push[]): Promise<void> {
  if (pushes.length === 0) return;
  await tx.execute(
    sql`update calendar_channels ch set resource_id = p.resource_id
        from unnest(${array(pushes.map(({ channelId }) => channelId))}::uuid[],
                    ${array(pushes.map(({ resourceId }) => resourceId))}::text[]) as p(id, resource_id)
        where ch.id = p.id and ch.state = 'draining' and ch.resource_id is null`,
  );
}
