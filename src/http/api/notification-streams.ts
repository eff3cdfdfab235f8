import type { Request, Response } from "express";
import {
  LOOK_BACK_MICROS,
  readChanges,
  type UserNotification,
} from "../../notifications/notification-list.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { sendRetryLater } from "../error-response.ts";
import { notificationResponse } from "./notification-response.ts";

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const RETRY_AFTER_MS = 15_000;
const MAX_STREAMS = 2_000;
const MAX_STREAMS_OF_USER = 5;
/** A client that falls behind by more is disconnected; it resumes with Last-Event-ID. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** How far back a client can resume; beyond it, it should read the list. */
const MAX_RESUME_MS = 24 * 3_600_000;
/** How long sent events are remembered: longer than a poll looks back. */
const REMEMBER_SENT_MS = 30_000;

type Stream = {
  readonly userId: string;
  readonly res: Response;
  /** Earlier changes are not sent: microseconds by Postgres's clock. Null until the first poll. */
  from: bigint | null;
  /** Whether a poll has read the changes since `from`. */
  isCaughtUp: boolean;
  /** Versions of recently sent notifications, by id. */
  readonly sent: Map<string, { readonly version: string; readonly atMs: number }>;
};

export type StreamIntervals = {
  /** Time between polls for changes. */
  readonly pollMs?: number;
  /** Time between heartbeats, which keep proxies from closing an idle stream. */
  readonly heartbeatMs?: number;
};

export type NotificationStreams = {
  open(userId: string, lastEventId: string | undefined, req: Request, res: Response): void;
};

/** The ids of events: `<version>-<id>`. */
const EVENT_ID = /^(\d{1,17})-\d{1,18}$/;

/**
 * Streams of server-sent events. One query per second serves all streams of a process, and none runs without
 * a stream. This works with any number of api processes and adds nothing to the transactions that write
 * notifications. Delivery is at least once: a client that reconnects with Last-Event-ID gets the changes it
 * missed.
 */
export function createNotificationStreams(
  runtime: Runtime,
  closing: AbortSignal,
  { pollMs = POLL_MS, heartbeatMs = HEARTBEAT_MS }: StreamIntervals = {},
): NotificationStreams {
  const streams = new Set<Stream>();
  let since: bigint | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  let heartbeatAtMs = performance.now();

  const sendChanges = async () => {
    const fresh = [...streams].filter(({ isCaughtUp }) => !isCaughtUp);
    const [earliest = null] = [since, ...fresh.map(({ from }) => from)]
      .filter((at) => at !== null)
      .sort((a, b) => (a < b ? -1 : 1));
    const users = [...new Set([...streams].map(({ userId }) => userId))];
    const { changes, asOf } = await readChanges(runtime.db.drizzle, users, earliest);
    since = asOf;
    for (const stream of fresh) {
      stream.from ??= asOf - LOOK_BACK_MICROS;
      stream.isCaughtUp = true;
    }
    for (const stream of streams) if (stream.isCaughtUp) send(stream, changes);
  };
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    try {
      await sendChanges();
    } catch (error) {
      // Nothing is lost: the next poll reads from the same point.
      runtime.log.warn(
        { err: error, streams: streams.size },
        "could not read changes for notification streams; will retry",
      );
    }
    isPolling = false;
    if (performance.now() - heartbeatAtMs >= heartbeatMs) {
      heartbeatAtMs = performance.now();
      for (const { res } of streams) res.write(": heartbeat\n\n");
    }
    clearTimeout(timer);
    if (streams.size === 0) since = null;
    else timer = setTimeout(poll, pollMs).unref();
  };
  closing.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const { res } of streams) res.end();
  });
  return {
    open(userId, lastEventId, req, res) {
      const ofUser = [...streams].filter((stream) => stream.userId === userId).length;
      if (closing.aborted || streams.size >= MAX_STREAMS || ofUser >= MAX_STREAMS_OF_USER) {
        const message = "Too many open streams. Close one or try again later.";
        return sendRetryLater(res, 429, { code: "too-many-streams", message }, RETRY_AFTER_MS);
      }
      const stream: Stream = {
        userId,
        res,
        from: resumeFrom(lastEventId, runtime.clock.now()),
        isCaughtUp: false,
        sent: new Map(),
      };
      streams.add(stream);
      res.status(200).set({
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      });
      res.write("retry: 3000\n: connected\n\n");
      req.on("close", () => streams.delete(stream));
      void poll();
    },
  };
}

/**
 * Where a client resumes: earlier than its last event by the longest transaction, whose changes become
 * visible late.
 */
function resumeFrom(lastEventId: string | undefined, now: Date): bigint | null {
  const seen = EVENT_ID.exec(lastEventId ?? "")?.[1];
  if (seen === undefined) return null;
  const earliest = BigInt(now.getTime() - MAX_RESUME_MS) * 1_000n;
  const from = BigInt(seen) - LOOK_BACK_MICROS;
  return from > earliest ? from : earliest;
}

function send({ userId, res, from, sent }: Stream, changes: readonly UserNotification[]): void {
  const nowMs = performance.now();
  for (const [id, { atMs }] of sent) if (nowMs - atMs > REMEMBER_SENT_MS) sent.delete(id);
  for (const change of changes) {
    if (change.userId !== userId || from === null || BigInt(change.version) < from) continue;
    if (sent.get(change.id)?.version === change.version) continue;
    sent.set(change.id, { version: change.version, atMs: nowMs });
    res.write(
      `id: ${change.version}-${change.id}\nevent: notification\ndata: ${JSON.stringify(notificationResponse(change))}\n\n`,
    );
  }
  if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy();
}
