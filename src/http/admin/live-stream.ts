import type { Request, RequestHandler, Response } from "express";
import { html } from "../../html.ts";
import type { Log } from "../../log.ts";
import { sendRetryLater } from "../requests/error-response.ts";
import type { LiveSessions } from "./access/ended-sessions.ts";
import { cookieOf, SESSION_COOKIE, sessionOf } from "./access/guard.ts";
import { notice, OUTAGE } from "./frame/elements.ts";
import { overviewRegions, type Regions, runRegions } from "./overview/regions.ts";
import type { Snapshots } from "./snapshot/snapshot.ts";

const POLL_MS = 2_000;
/**
 * After a poll this many times its duration passes before the next one: polls take at most a fiftieth of the
 * time, and there are fewer of them on a busy machine.
 */
const PAUSE_FACTOR = 50;
const LONGEST_PAUSE_MS = 10_000;
const HEARTBEAT_MS = 15_000;
const SESSION_CHECK_MS = 30_000;
const MAX_STREAMS = 100;
const MAX_STREAMS_OF_SESSION = 12;
const RETRY_AFTER_MS = 15_000;
const MAX_RUNS = 4;
/** How many tables a page may follow at most. */
export const MAX_TABLES = 8;
/**
 * A page is reloaded after this time even if its tables have not changed, since ages and waits on it grow.
 */
const TELL_AFTER_MS = 60_000;
/** Pages that are told of a change at the same time would reload at the same time, again and again. */
const TOLD_APART_MS = 100;
/** A page that reads so slowly is disconnected; it connects again. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export type StreamTiming = {
  /** Time between polls. */
  readonly pollMs?: number;
  /** Time between checks that the sessions are still valid. */
  readonly sessionCheckMs?: number;
};

type Stream = {
  readonly res: Response;
  readonly sessionId: string;
  readonly cookie: string | undefined;
  /** The runs whose details it is sent. */
  readonly runs: readonly string[];
  /** The tables whose changes are reported to it. */
  readonly tables: readonly string[];
  /** The last HTML that was sent to it, by region. */
  readonly sent: Map<string, string>;
  /**
   * The write counts of its tables when it was last notified, and when that was; null before the first poll.
   */
  told: { readonly mark: string; readonly atMs: number } | null;
};

/** Those that name neither runs nor tables show the overview. */
const isOverview = ({ runs, tables }: Stream): boolean => runs.length === 0 && tables.length === 0;

type Deps = {
  readonly snapshots: Snapshots;
  readonly sessions: LiveSessions;
  readonly log: Log;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
};

/**
 * `GET /stream`: server-sent events that replace parts of the overview, each as `{ name, html }` when it has
 * changed; with `?run=`, the details of those runs. With `?of=`, an event `changed` when one of those tables
 * has: the page then fetches itself. One poll per process serves all streams, and none runs without a stream.
 */
export function liveStream(
  deps: Deps,
  { pollMs = POLL_MS, sessionCheckMs = SESSION_CHECK_MS }: StreamTiming = {},
): RequestHandler {
  const { closing } = deps;
  const streams = new Set<Stream>();
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  let checkedAtMs = performance.now();
  let heartbeatAtMs = performance.now();
  /** @returns when the next round may be, in milliseconds. */
  const round = async (): Promise<number> => {
    const beganMs = performance.now();
    const read = [...streams];
    const looked = await look(deps, read);
    const tookMs = performance.now() - beganMs;
    // The tables of a stream that was opened meanwhile have not been read: they would seem to change with the
    // next poll.
    const open = read.filter((stream) => streams.has(stream));
    sendRegions(open, looked.regions);
    tellOfChanges(open, looked.writes, pollMs);
    if (performance.now() - checkedAtMs >= sessionCheckMs) {
      checkedAtMs = performance.now();
      await endOver(deps.sessions, streams);
    }
    if (performance.now() - heartbeatAtMs >= HEARTBEAT_MS) {
      heartbeatAtMs = performance.now();
      for (const { res } of streams) res.write(": heartbeat\n\n");
    }
    return Math.max(pollMs, Math.min(LONGEST_PAUSE_MS, PAUSE_FACTOR * tookMs));
  };
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    const waitMs = await round().catch((error: unknown) => {
      deps.log.warn({ err: error }, "a round of the dashboard's stream failed");
      return pollMs;
    });
    isPolling = false;
    clearTimeout(timer);
    if (streams.size > 0 && !closing.aborted) timer = setTimeout(poll, waitMs).unref();
  };
  closing.addEventListener("abort", () => {
    clearTimeout(timer);
    for (const { res } of streams) res.end();
  });
  return (req, res) => {
    const session = sessionOf(res);
    const ofSession = [...streams].filter(({ sessionId }) => sessionId === session.id).length;
    if (closing.aborted || streams.size >= MAX_STREAMS || ofSession >= MAX_STREAMS_OF_SESSION) {
      const message = "Too many open pages follow the service. Close one or try again later.";
      return sendRetryLater(res, 429, { code: "too-many-streams", message }, RETRY_AFTER_MS);
    }
    const stream: Stream = {
      res,
      sessionId: session.id,
      cookie: cookieOf(req, SESSION_COOKIE),
      runs: listIn(req, "run", /^[1-9][0-9]{0,17}$/, MAX_RUNS),
      tables: listIn(req, "of", /^[a-z_]{1,63}$/, MAX_TABLES),
      sent: new Map(),
      told: null,
    };
    streams.add(stream);
    res.status(200).set({ "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
    res.write("retry: 3000\n: connected\n\n");
    res.on("close", () => streams.delete(stream));
    void poll();
  };
}

const listIn = (req: Request, name: string, form: RegExp, limit: number): string[] =>
  [req.query[name]]
    .flat()
    .filter((given): given is string => typeof given === "string" && form.test(given))
    .slice(0, limit);

type Look = { readonly regions: Regions; readonly writes: ReadonlyMap<string, string> };

/** Reads only what the streams need. */
async function look({ snapshots, log }: Deps, streams: readonly Stream[]): Promise<Look> {
  const runs = [...new Set(streams.flatMap((stream) => stream.runs))];
  const tables = [...new Set(streams.flatMap((stream) => stream.tables))];
  try {
    const [overview, details, writes] = await Promise.all([
      streams.some(isOverview) ? snapshots.read().then(overviewRegions) : NONE,
      runs.length > 0 ? snapshots.runs(runs).then(runRegions) : NONE,
      tables.length > 0 ? snapshots.writes(tables) : new Map<string, string>(),
    ]);
    return { regions: new Map([[OUTAGE, html``], ...overview, ...details]), writes };
  } catch (error) {
    log.debug({ err: error }, "the dashboard could not be read");
    return { regions: OUT_OF_ORDER, writes: new Map() };
  }
}

const NONE: Regions = new Map();

const OUT_OF_ORDER: Regions = new Map([
  [OUTAGE, notice("Postgres does not answer. The page shows what was known before.", "bad")],
]);

/** Sends each stream the parts that have changed since it was sent them, in one write. */
function sendRegions(streams: readonly Stream[], regions: Regions): void {
  const events = new Map<string, string>();
  const eventOf = (name: string, content: string): string => {
    const event = events.get(name) ?? `event: region\ndata: ${JSON.stringify({ name, html: content })}\n\n`;
    events.set(name, event);
    return event;
  };
  for (const stream of streams) {
    const { res, sent } = stream;
    const changed = [...regions].filter(
      ([name, content]) => isFor(stream, name) && sent.get(name) !== content.html,
    );
    for (const [name, content] of changed) sent.set(name, content.html);
    if (changed.length > 0) res.write(changed.map(([name, content]) => eventOf(name, content.html)).join(""));
    if (res.writableLength > MAX_BUFFERED_BYTES) res.destroy();
  }
}

/** Details of a run are sent to the pages that show it, and everything else to the overview. */
const isFor = (stream: Stream, name: string): boolean =>
  name === OUTAGE ||
  (isOverview(stream) ? !name.startsWith("run-") : stream.runs.includes(name.slice("run-".length)));

/** Tells the streams whose tables have changed, one after the other within `pollMs`. */
function tellOfChanges(
  streams: readonly Stream[],
  writes: ReadonlyMap<string, string>,
  pollMs: number,
): void {
  const changed = streams.filter((stream) => hasNews(stream, writes));
  const apartMs = Math.min(TOLD_APART_MS, pollMs / changed.length);
  for (const [index, { res }] of changed.entries()) setTimeout(() => tell(res), index * apartMs).unref();
}

function tell(res: Response): void {
  if (!res.writableEnded) res.write("event: changed\ndata: {}\n\n");
}

/** Whether the page of a stream is to be told that its tables have changed. Remembers what it was told. */
function hasNews(stream: Stream, writes: ReadonlyMap<string, string>): boolean {
  const { tables, told } = stream;
  if (tables.length === 0 || writes.size === 0) return false;
  const mark = tables.map((table) => writes.get(table)).join(" ");
  const atMs = performance.now();
  if (told !== null && told.mark === mark && atMs - told.atMs < TELL_AFTER_MS) return false;
  stream.told = { mark, atMs };
  return told !== null;
}

/** Ends the streams of sessions that have expired or were signed out. */
async function endOver(sessions: LiveSessions, streams: ReadonlySet<Stream>): Promise<void> {
  const lives = new Map<string | undefined, boolean>();
  for (const { cookie } of streams)
    if (!lives.has(cookie)) lives.set(cookie, (await sessions.read(cookie)) !== null);
  for (const { res, cookie } of streams) {
    if (lives.get(cookie) !== false) continue;
    res.write("event: end\ndata: {}\n\n");
    res.end();
  }
}
