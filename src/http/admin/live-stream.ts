import type { Request, RequestHandler, Response } from "express";
import type { Html } from "../../html.ts";
import type { Log } from "../../log.ts";
import { sendRetryLater } from "../requests/error-response.ts";
import type { LiveSessions } from "./access/ended-sessions.ts";
import { cookieOf, SESSION_COOKIE, sessionOf } from "./access/guard.ts";
import { notice } from "./frame/elements.ts";
import { OUTAGE, regionsOf } from "./overview/regions.ts";
import type { Snapshots } from "./snapshot/snapshot.ts";

const POLL_MS = 2_000;
const HEARTBEAT_MS = 15_000;
const SESSION_CHECK_MS = 30_000;
const MAX_STREAMS = 100;
const MAX_STREAMS_OF_SESSION = 12;
const RETRY_AFTER_MS = 15_000;
const MAX_RUNS = 4;
/** A page that reads so slowly is disconnected; it connects again. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export type StreamTiming = {
  /** Time between polls. */
  readonly pollMs?: number;
  /** Time between checks that the sessions are not over. */
  readonly sessionCheckMs?: number;
};

type Stream = {
  readonly res: Response;
  readonly sessionId: string;
  readonly cookie: string | undefined;
  readonly runs: readonly string[];
  /** What it was sent last, by region. */
  readonly sent: Map<string, string>;
};

type Deps = {
  readonly snapshots: Snapshots;
  readonly sessions: LiveSessions;
  readonly log: Log;
  /** Aborts when the server closes. */
  readonly closing: AbortSignal;
};

/**
 * `GET /stream?run=`: server-sent events that replace parts of pages, each as `{ name, html }` when it has
 * changed. One poll per process serves all streams, and none runs without a stream.
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
  const round = async () => {
    await sendChanges(deps, streams);
    if (performance.now() - checkedAtMs >= sessionCheckMs) {
      checkedAtMs = performance.now();
      await endOver(deps.sessions, streams);
    }
    if (performance.now() - heartbeatAtMs >= HEARTBEAT_MS) {
      heartbeatAtMs = performance.now();
      for (const { res } of streams) res.write(": heartbeat\n\n");
    }
  };
  const poll = async () => {
    if (isPolling) return;
    isPolling = true;
    await round().catch((error: unknown) =>
      deps.log.warn({ err: error }, "a round of the dashboard's stream failed"),
    );
    isPolling = false;
    clearTimeout(timer);
    if (streams.size > 0 && !closing.aborted) timer = setTimeout(poll, pollMs).unref();
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
      runs: runsIn(req),
      sent: new Map(),
    };
    streams.add(stream);
    res.status(200).set({ "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no" });
    res.write("retry: 3000\n: connected\n\n");
    res.on("close", () => streams.delete(stream));
    void poll();
  };
}

const runsIn = (req: Request): string[] =>
  [req.query["run"]]
    .flat()
    .filter((id): id is string => typeof id === "string" && /^[1-9][0-9]{0,17}$/.test(id))
    .slice(0, MAX_RUNS);

async function sendChanges({ snapshots, log }: Deps, streams: ReadonlySet<Stream>): Promise<void> {
  const runs = [...new Set([...streams].flatMap((stream) => stream.runs))];
  const regions = await snapshots.read(runs).then(regionsOf, (error: unknown) => {
    log.debug({ err: error }, "the dashboard could not be read");
    return new Map([
      [OUTAGE, notice("Postgres does not answer. The page shows what was known before.", "bad")],
    ]);
  });
  for (const stream of streams) {
    for (const [name, content] of regions) if (isFor(stream, name)) sendRegion(stream, name, content);
    if (stream.res.writableLength > MAX_BUFFERED_BYTES) stream.res.destroy();
  }
}

/** Details of a run are sent to those who look at it, and everything else to the overview. */
const isFor = ({ runs }: Stream, name: string): boolean =>
  runs.length === 0 ? !name.startsWith("run-") : name === OUTAGE || runs.includes(name.slice("run-".length));

function sendRegion({ res, sent }: Stream, name: string, { html }: Html): void {
  if (sent.get(name) === html) return;
  sent.set(name, html);
  res.write(`event: region\ndata: ${JSON.stringify({ name, html })}\n\n`);
}

/** Ends the streams of sessions that have expired or were signed out. */
async function endOver(sessions: LiveSessions, streams: ReadonlySet<Stream>): Promise<void> {
  for (const { res, cookie } of streams) {
    if ((await sessions.read(cookie)) !== null) continue;
    res.write("event: end\ndata: {}\n\n");
    res.end();
  }
}
