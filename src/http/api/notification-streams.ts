import type { Request, Response } from "express";
import { existingUsers } from "../../db/references.ts";
import { groupBy } from "../../group-by.ts";
import type { Language } from "../../languages/language.ts";
import {
  LOOK_BACK_MICROS,
  readMissed,
  readNotificationChanges,
  type UserNotification,
} from "../../notifications/notification-list.ts";
import { translateNotifications } from "../../notifications/translate-notifications.ts";
import type { Runtime } from "../../roles/runtime.ts";
import { acceptedLanguage } from "../requests/accepted-language.ts";
import { sendRetryLater } from "../requests/error-response.ts";
import { createTaskQueue, type TaskQueue } from "../requests/task-queue.ts";
import type { Caller } from "./auth.ts";
import { resumeFrom, type Stream, send } from "./notification-stream.ts";

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
const USER_CHECK_MS = 60_000;
const RETRY_AFTER_MS = 15_000;
const MAX_STREAMS = 2_000;
const MAX_STREAMS_OF_USER = 5;
/** A client that missed more changes has to read the list. */
const MAX_MISSED = 500;
/**
 * At most this many reads of missed changes run at once, so that many clients that return together do not
 * take every connection.
 */
const MISSED_READS = 4;
/** The shared poll never reads changes further back: after a longer outage each stream reads its own. */
const MAX_POLL_GAP_MS = 30_000;

export type StreamIntervals = {
  /** Time between polls for changes. */
  readonly pollMs?: number;
  /** Time between heartbeats, which keep proxies from closing an idle stream. */
  readonly heartbeatMs?: number;
  /** Time between checks that the users still exist. */
  readonly userCheckMs?: number;
  /** The longest gap that the shared poll makes up for. */
  readonly maxGapMs?: number;
};

export type NotificationStreams = {
  /** Opens a stream for the user, until their token expires. */
  open(caller: Caller, lastEventId: string | undefined, req: Request, res: Response): void;
};

type State = {
  readonly runtime: Runtime;
  readonly heartbeatMs: number;
  readonly userCheckMs: number;
  readonly maxGapMs: number;
  readonly streams: Set<Stream>;
  readonly missedReads: TaskQueue;
  /** Where the next poll begins, and when the last one ended. */
  since: bigint | null;
  polledAtMs: number;
  heartbeatAtMs: number;
  checkedAtMs: number;
};

/**
 * Streams of server-sent events. One query per second serves all streams of a process, and none runs without
 * a stream. This works with any number of api processes and adds nothing to the transactions that write
 * notifications. Delivery is at least once: a client that reconnects with Last-Event-ID gets the changes it
 * missed, by a query of its own, which delays no other stream.
 */
export function createNotificationStreams(
  runtime: Runtime,
  closing: AbortSignal,
  intervals: StreamIntervals = {},
): NotificationStreams {
  const streams = new Set<Stream>();
  const now = performance.now();
  const state: State = {
    runtime,
    heartbeatMs: intervals.heartbeatMs ?? HEARTBEAT_MS,
    userCheckMs: intervals.userCheckMs ?? USER_CHECK_MS,
    maxGapMs: intervals.maxGapMs ?? MAX_POLL_GAP_MS,
    streams,
    missedReads: createTaskQueue(MISSED_READS),
    since: null,
    polledAtMs: now,
    heartbeatAtMs: now,
    checkedAtMs: now,
  };
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    await runRound(state);
    isPolling = false;
    clearTimeout(timer);
    if (streams.size === 0) state.since = null;
    else timer = setTimeout(poll, intervals.pollMs ?? POLL_MS).unref();
  };
  closing.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const { res } of streams) res.end();
  });
  return {
    open({ userId, tokenExpiresAt }, lastEventId, req, res) {
      const ofUser = [...streams].filter((stream) => stream.userId === userId).length;
      if (closing.aborted || streams.size >= MAX_STREAMS || ofUser >= MAX_STREAMS_OF_USER) {
        const message = "Too many open streams. Close one or try again later.";
        return sendRetryLater(res, 429, { code: "too-many-streams", message }, RETRY_AFTER_MS);
      }
      const resumeAt = resumeFrom(lastEventId, runtime.clock.now());
      const stream: Stream = {
        userId,
        language: acceptedLanguage(req),
        res,
        endsAtMs: tokenExpiresAt.getTime(),
        from: null,
        isJoined: resumeAt === null,
        sent: new Map(),
      };
      if (streams.size === 0) state.polledAtMs = performance.now();
      streams.add(stream);
      res.status(200).set({
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      });
      res.write("retry: 3000\n: connected\n\n");
      req.on("close", () => streams.delete(stream));
      if (resumeAt !== null) sendMissed(state, stream, resumeAt);
      void poll();
    },
  };
}

/** Never rejects. */
async function runRound(state: State): Promise<void> {
  const { runtime, streams } = state;
  endExpired(state);
  try {
    await endOfRemovedUsers(state);
    await sendChanges(state);
  } catch (error) {
    runtime.log.warn(
      { err: error, streams: streams.size },
      "could not read changes for notification streams; will retry",
    );
  }
  if (performance.now() - state.heartbeatAtMs < state.heartbeatMs) return;
  state.heartbeatAtMs = performance.now();
  for (const { res } of streams) res.write(": heartbeat\n\n");
}

/** Sends the changes since the last poll to the streams that have read everything before. */
async function sendChanges(state: State): Promise<void> {
  if (state.since !== null && performance.now() - state.polledAtMs > state.maxGapMs)
    return catchUpAlone(state, state.since);
  const joined = [...state.streams].filter(({ isJoined }) => isJoined);
  // A stream that read its missed changes while a poll was running may need changes from before that poll.
  const [earliest = null] = [state.since, ...joined.map(({ from }) => from && from + LOOK_BACK_MICROS)]
    .filter((at) => at !== null)
    .sort((a, b) => (a < b ? -1 : 1));
  const users = [...new Set(joined.map(({ userId }) => userId))];
  const { changes, asOf } = await readNotificationChanges(state.runtime.db.drizzle, users, earliest);
  const changesIn = await inLanguages(state, joined, changes);
  state.since = asOf;
  state.polledAtMs = performance.now();
  for (const stream of joined) {
    stream.from ??= asOf - LOOK_BACK_MICROS;
    send(stream, changesIn.get(stream.language) ?? []);
    stream.from = asOf - LOOK_BACK_MICROS;
  }
}

/** The changes for the users of some streams, by the language of the streams. */
async function inLanguages(
  { runtime }: State,
  streams: readonly Stream[],
  changes: readonly UserNotification[],
): Promise<Map<Language, readonly UserNotification[]>> {
  const changesIn = new Map<Language, readonly UserNotification[]>();
  for (const [language, ofLanguage] of groupBy(streams, (stream) => stream.language)) {
    const users = new Set(ofLanguage.map(({ userId }) => userId));
    const ofUsers = changes.filter(({ userId }) => users.has(userId));
    changesIn.set(language, await translate(runtime, ofUsers, language));
  }
  return changesIn;
}

const translate = (
  { db, settings, log }: Runtime,
  changes: readonly UserNotification[],
  language: Language,
): Promise<readonly UserNotification[]> =>
  translateNotifications(db.drizzle, changes, language, {
    defaultZone: settings.notifications.userTimeZone,
    log,
  });

/**
 * After an outage: what all streams missed may be too much for one statement. Begins once Postgres answers
 * again.
 */
async function catchUpAlone(state: State, since: bigint): Promise<void> {
  const { asOf } = await readNotificationChanges(state.runtime.db.drizzle, [], null);
  state.since = asOf;
  state.polledAtMs = performance.now();
  for (const stream of state.streams) {
    if (!stream.isJoined) continue;
    stream.isJoined = false;
    sendMissed(state, stream, since - LOOK_BACK_MICROS);
  }
}

/**
 * Sends one stream the changes that it missed, and has it join the others; a stream whose read fails is
 * ended.
 */
function sendMissed({ runtime, streams, missedReads }: State, stream: Stream, from: bigint): void {
  missedReads.add(async () => {
    if (!streams.has(stream)) return;
    try {
      const missed = await readMissed(runtime.db.drizzle, stream.userId, from, MAX_MISSED);
      const changes = await translate(runtime, missed.changes, stream.language);
      if (missed.isIncomplete) stream.res.write("event: incomplete\ndata: {}\n\n");
      stream.from = from;
      send(stream, changes);
      stream.from = missed.asOf - LOOK_BACK_MICROS;
      stream.isJoined = true;
    } catch (error) {
      runtime.log.warn(
        { err: error },
        "could not read what a notification stream missed; the stream is ended",
      );
      stream.res.end();
    }
  });
}

function endExpired({ runtime, streams }: State): void {
  const nowMs = runtime.clock.now().getTime();
  for (const { res, endsAtMs } of streams) if (endsAtMs <= nowMs) res.end();
}

async function endOfRemovedUsers(state: State): Promise<void> {
  if (performance.now() - state.checkedAtMs < state.userCheckMs) return;
  const checked = [...state.streams];
  const existing = await existingUsers(
    state.runtime.db.drizzle,
    checked.map(({ userId }) => userId),
  );
  state.checkedAtMs = performance.now();
  for (const { userId, res } of checked) if (!existing.has(userId)) res.end();
}
