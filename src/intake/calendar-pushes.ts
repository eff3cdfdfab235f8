import { createHash, timingSafeEqual } from "node:crypto";
import { sql } from "drizzle-orm";
import type { calendarChannels } from "../db/schema/calendar.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { enqueueMany } from "../queues/enqueue.ts";
import { stopCalendarChannel } from "../workers/notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "../workers/notifications/calendar/sync-calendar.ts";

/**
 * A push message of the provider: the calendar of a channel has changed. It does not say what has changed.
 */
export type Push = {
  readonly channelId: string;
  readonly secret: string;
  readonly resourceId: string;
  /** `sync` is the first message of a new channel and announces no change. */
  readonly state: string;
};

/** `unknown`: no such channel, another secret or another resource. The sender always gets the same answer. */
export type PushResult = "accepted" | "greeting" | "unknown" | "ignored";

type Channel = {
  id: string;
  connectionId: string;
  state: (typeof calendarChannels.$inferSelect)["state"];
  tokenHash: string | null;
  resourceId: string | null;
  isActive: boolean;
};

/** Compared with when there is no such channel, so that the time taken does not reveal it. */
const NO_HASH = Buffer.alloc(32);

/**
 * Takes a group of push messages in one transaction. Messages about one calendar become a single job. A
 * message over a draining channel whose resource is unknown (the answer that named it was lost) supplies the
 * resource, so the channel can be closed.
 */
export async function takePushes(tx: Tx, pushes: readonly Push[]): Promise<PushResult[]> {
  const channels = await findChannels(tx, pushes);
  const toSync = new Set<string>();
  const toStop = new Map<string, Push>();
  const results = pushes.map((push): PushResult => {
    const channel = channels.get(push.channelId);
    if (!isAuthentic(push, channel) || channel === undefined) return "unknown";
    if (channel.state === "stopped" || !channel.isActive) return "ignored";
    if (channel.resourceId === null && channel.state === "draining") toStop.set(channel.id, push);
    if (push.state === "sync") return "greeting";
    toSync.add(channel.connectionId);
    return "accepted";
  });
  await setResources(tx, [...toStop.values()]);
  await enqueueMany(
    tx,
    syncCalendar,
    [...toSync].map((connectionId) => ({ connectionId })),
  );
  await enqueueMany(
    tx,
    stopCalendarChannel,
    [...toStop.keys()].map((channelId) => ({ channelId })),
  );
  return results;
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
  const isRight = timingSafeEqual(given, hash ? Buffer.from(hash, "hex") : NO_HASH);
  return isRight && (channel?.resourceId === null || channel?.resourceId === push.resourceId);
}

async function setResources(tx: Tx, pushes: readonly Push[]): Promise<void> {
  if (pushes.length === 0) return;
  await tx.execute(
    sql`update calendar_channels ch set resource_id = p.resource_id
        from unnest(${array(pushes.map(({ channelId }) => channelId))}::uuid[],
                    ${array(pushes.map(({ resourceId }) => resourceId))}::text[]) as p(id, resource_id)
        where ch.id = p.id and ch.state = 'draining' and ch.resource_id is null`,
  );
}
