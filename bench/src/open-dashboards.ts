import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";

/** The password of the login `viewer` in benchmarks. */
export const VIEWER_PASSWORD = "the password of the viewer in benchmarks";

/** A session may follow twelve pages. */
const PAGES_OF_SESSION = 10;

export type OpenDashboards = {
  /** How many parts of the overview they were sent. */
  readonly received: () => number;
  close(): void;
};

/**
 * Opens the stream of the overview as that many browsers do, and waits until each has received its first
 * part.
 *
 * @throws Error if one is refused.
 */
export async function openDashboards(port: number, count: number): Promise<OpenDashboards> {
  const sessions = await Promise.all(
    Array.from({ length: Math.ceil(count / PAGES_OF_SESSION) }, () => signIn(port)),
  );
  let received = 0;
  const streams = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      follow(port, sessions[Math.floor(n / PAGES_OF_SESSION)] as string, () => {
        received += 1;
      }),
    ),
  );
  return { received: () => received, close: () => streams.forEach((stream) => void stream.destroy()) };
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

async function follow(port: number, cookie: string, onRegion: () => void): Promise<IncomingMessage> {
  const request = get({
    port,
    host: "127.0.0.1",
    path: "/admin/stream",
    headers: { cookie, accept: "text/event-stream" },
    agent: false,
  });
  const [stream] = (await once(request, "response")) as [IncomingMessage];
  if (stream.statusCode !== 200) throw new Error(`a stream was answered with ${stream.statusCode}`);
  stream.setEncoding("utf8");
  await new Promise<void>((resolve, reject) => {
    stream.on("data", (text: string) => {
      for (const _ of text.matchAll(/^event: region$/gm)) {
        onRegion();
        resolve();
      }
    });
    stream.once("error", reject);
    stream.once("end", () => reject(new Error("a stream ended")));
  });
  return stream;
}
