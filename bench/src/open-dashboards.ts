import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

/** The password of the login `viewer` in benchmarks. */
export const VIEWER_PASSWORD = "the password of the viewer in benchmarks";

/** A session may follow twelve pages. */
const PAGES_OF_SESSION = 10;

export type OpenDashboards = {
  /** How many parts of the overview they were sent. */
  readonly received: () => number;
  /** How many pages were fetched anew. */
  readonly fetched: () => number;
  close(): void;
};

/** Pages that are fetched anew when their tables change, with the streams that they follow. */
const FETCHED = [
  { page: "/sales", stream: "of=token_sales" },
  { page: "/work", stream: "of=outbox" },
  { page: "/runs", stream: "of=job_runs" },
  { page: "/ledger", stream: "of=ledger_balances&of=ledger_verifications" },
  { page: "/notifications", stream: "of=deliveries" },
] as const;

/**
 * Opens pages as that many browsers do: every second one is the overview, the others are fetched anew when
 * their tables have changed. Waits until each overview has received its first part.
 *
 * @throws Error if one is refused.
 */
export async function openDashboards(port: number, count: number): Promise<OpenDashboards> {
  const sessions = await Promise.all(
    Array.from({ length: Math.ceil(count / PAGES_OF_SESSION) }, () => signIn(port)),
  );
  let received = 0;
  let fetched = 0;
  const closing = new AbortController();
  const streams = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const cookie = sessions[Math.floor(n / PAGES_OF_SESSION)] as string;
      if (n % 2 === 0) return followOverview(port, cookie, () => (received += 1));
      const { page, stream } = FETCHED[((n - 1) / 2) % FETCHED.length] as (typeof FETCHED)[number];
      return follow(
        port,
        cookie,
        stream,
        fetchedAnew(port, cookie, page, closing.signal, () => (fetched += 1)),
      );
    }),
  );
  return {
    received: () => received,
    fetched: () => fetched,
    close() {
      closing.abort();
      for (const stream of streams) stream.destroy();
    },
  };
}

/** As admin.js waits between two fetches of a page: a time of its own, or as many times its last answer. */
const LEAST_WAIT_MS = 5_000;
const WAIT_FACTOR = 1_200;

/**
 * @param closing aborts when the page is closed, which does not fetch itself any more.
 * @returns what to do when a table of the page has changed: fetch it, once the wait is over.
 */
function fetchedAnew(
  port: number,
  cookie: string,
  page: string,
  closing: AbortSignal,
  onFetched: () => void,
) {
  let fetchAfter = 0;
  let isWaiting = false;
  return (event: string): void => {
    if (event !== "changed" || isWaiting) return;
    isWaiting = true;
    const fetchNow = async () => {
      if (closing.aborted) return;
      const answer = await fetch(`http://127.0.0.1:${port}/admin${page}`, { headers: { cookie } });
      await answer.text();
      if (answer.status !== 200) throw new Error(`${page} was answered with ${answer.status}`);
      const took = Number(/dur=([\d.]+)/.exec(answer.headers.get("Server-Timing") ?? "")?.[1] ?? 0);
      fetchAfter = Date.now() + Math.max(LEAST_WAIT_MS, took * WAIT_FACTOR);
      isWaiting = false;
      onFetched();
    };
    setTimeout(() => void fetchNow(), Math.max(0, fetchAfter - Date.now())).unref();
  };
}

/** @returns the cookies of a new session. */
export async function signIn(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/admin/login`, {
    method: "POST",
    body: new URLSearchParams({ login: "viewer", password: VIEWER_PASSWORD }),
    redirect: "manual",
  });
  if (answer.status !== 303)
    throw new Error(`signing in at the dashboard was answered with ${answer.status}`);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

/** Waits for the first part of the overview. */
async function followOverview(port: number, cookie: string, onRegion: () => void): Promise<IncomingMessage> {
  let onFirst = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  const stream = await follow(port, cookie, "", (event) => {
    if (event !== "region") return;
    onRegion();
    onFirst();
  });
  const ended = once(stream, "end").then(() => {
    throw new Error("a stream ended before its first part");
  });
  await Promise.race([first, ended]);
  ended.catch(() => undefined);
  return stream;
}

async function follow(
  port: number,
  cookie: string,
  tables: string,
  onEvent: (event: string) => void,
): Promise<IncomingMessage> {
  const request = get({
    port,
    host: "127.0.0.1",
    path: `/admin/stream${tables && `?${tables}`}`,
    headers: { cookie, accept: "text/event-stream" },
    agent: false,
  });
  const [stream] = (await once(request, "response")) as [IncomingMessage];
  if (stream.statusCode !== 200) throw new Error(`a stream was answered with ${stream.statusCode}`);
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    for (const [, event = ""] of text.matchAll(/^event: (\w+)$/gm)) onEvent(event);
  });
  return stream;
}
