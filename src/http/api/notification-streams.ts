import type { Request, Response } from "express";
import {
  LOOK_BACK_MICROS,
  readChanges,
  type UserNotification,
} from "../../notifications/notification-list.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { refuseForNow } from "../error-response.ts";
import { shown } from "./shown-notification.ts";

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const RETRY_AFTER_MS = 15_000;
const MAX_STREAMS = 2_000;
const MAX_STREAMS_OF_USER = 5;
/** A reader who falls behind by so much is cut off, and comes back for the rest. */
const MAX_BUFFERED_BYTES = 256 * 1024;
/** How far back a reader who returns may ask: beyond it they read the list. */
const MAX_RESUME_MS = 24 * 3_600_000;
/** What has been sent is known for longer than a poll looks back. */
const SENT_FOR_MS = 30_000;

type Stream = {
  readonly userId: string;
  readonly res: Response;
  /** Changes before it are none of this stream's business: microseconds. Null until the first poll tells what time it is. */
  from: bigint | null;
  /** Whether a poll has looked back to `from`. */
  isCaughtUp: boolean;
  /** What was sent lately: by id the version, and when. */
  readonly sent: Map<string, { readonly version: string; readonly atMs: number }>;
};

export type StreamPace = {
  /** From one look at what has changed to the next. */
  readonly pollMs?: number;
  /** After so long, at the next look, every stream says that it is alive: a proxy cuts what is silent. */
  readonly heartbeatMs?: number;
};

export type NotificationStreams = {
  open(userId: string, lastEventId: string | undefined, req: Request, res: Response): void;
};

/** `<version>-<id>`, as the stream names its events. */
const EVENT_ID = /^(\d{1,17})-\d{1,18}$/;

/**
 * Streams of server-sent events, one statement a second for all of them together, and none while there is no stream: that works
 * with any number of api processes, and puts no notice on the commits of the fan-out. An event may come twice, never not at all: a
 * reader who returns with Last-Event-ID gets what changed meanwhile.
 */
export function createNotificationStreams(
  runtime: Runtime,
  closing: AbortSignal,
  { pollMs = POLL_MS, heartbeatMs = HEARTBEAT_MS }: StreamPace = {},
): NotificationStreams {
  const streams = new Set<Stream>();
  let since: bigint | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  let beatAtMs = performance.now();

  const look = async () => {
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
      await look();
    } catch (error) {
      // What is missed now is found by the next poll, which asks from where this one did.
      runtime.log.warn(
        { err: error, streams: streams.size },
        "the streams of notifications wait for Postgres",
      );
    }
    isPolling = false;
    if (performance.now() - beatAtMs >= heartbeatMs) {
      beatAtMs = performance.now();
      for (const { res } of streams) res.write(": still here\n\n");
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
        const message = "Too many streams are open. Close one, or try again later.";
        return refuseForNow(res, 429, { code: "too-many-streams", message }, RETRY_AFTER_MS);
      }
      const stream: Stream = {
        userId,
        res,
        from: resumeFrom(lastEventId),
        isCaughtUp: false,
        sent: new Map(),
      };
      streams.add(stream);
      res.status(200).set({
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      });
      res.write("retry: 3000\n: welcome\n\n");
      req.on("close", () => streams.delete(stream));
      void poll();
    },
  };
}

/** Whoever returns may have missed what a slow transaction brought later than its time: they look back as far as one can last. */
function resumeFrom(lastEventId: string | undefined): bigint | null {
  const seen = EVENT_ID.exec(lastEventId ?? "")?.[1];
  if (seen === undefined) return null;
  const earliest = BigInt(Date.now() - MAX_RESUME_MS) * 1_000n;
  const from = BigInt(seen) - LOOK_BACK_MICROS;
  return from > earliest ? from : earliest;
}

function send({ userId, res, from, sent }: Stream, changes: readonly UserNotification[]): void {
  const nowMs = performance.now();
  for (const [id, { atMs }] of sent) if (nowMs - atMs > SENT_FOR_MS) sent.delete(id);
  for (const change of changes) {
    if (change.userId !== userId || from === null || BigInt(change.version) < from) continue;
    if (sent.get(change.id)?.version === change.version) continue;
    sent.set(change.id, { version: change.version, atMs: nowMs });
    res.write(
      `id: ${change.version}-${change.id}\nevent: notification\ndata: ${JSON.stringify(shown(change))}\n\n`,
    );
  }
  if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy();
}
