import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A calendar provider with Google's API, as GOOGLE_API_URL and GOOGLE_TOKEN_URL expect. */
export type CalendarProvider = {
  readonly url: string;
  /** Adds a meeting to the calendar that the refresh token opens. */
  addMeeting(refreshToken: string, meeting: object): void;
  stop(): Promise<void>;
};

/** Listing a calendar that was opened by this token takes this long. */
export const SLOW_REFRESH_TOKEN = "demo-calendar-slow";
const SLOW_LIST_MS = 12_000;

const LIFETIME_MS = 7 * 24 * 3_600_000;

/** Starts the provider on a free local port. It accepts every refresh token and sends no push messages. */
export async function startCalendarProvider(): Promise<CalendarProvider> {
  const meetings = new Map<string, object[]>();
  const stopping = new AbortController();
  const server = createServer((request, response) => {
    void serve(request, response, meetings, stopping.signal).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    addMeeting(refreshToken, meeting) {
      meetings.set(refreshToken, [...(meetings.get(refreshToken) ?? []), meeting]);
    },
    async stop() {
      stopping.abort();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The access token is the refresh token, so that each call names its calendar. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  meetings: ReadonlyMap<string, readonly object[]>,
  stopping: AbortSignal,
): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://provider");
  const body = await textOf(request);
  if (pathname === "/token") {
    const refreshToken = new URLSearchParams(body).get("refresh_token") ?? "";
    return send(response, { access_token: refreshToken, expires_in: 3_600, token_type: "Bearer" });
  }
  if (pathname.endsWith("/channels/stop")) {
    response.writeHead(204).end();
    return;
  }
  if (pathname.endsWith("/events/watch")) {
    const { id, token } = JSON.parse(body) as { id: string; token: string };
    const expiration = String(Date.now() + LIFETIME_MS);
    return send(response, { kind: "api#channel", id, token, resourceId: `resource-of-${id}`, expiration });
  }
  const calendar = request.headers.authorization?.split(" ")[1] ?? "";
  if (calendar === SLOW_REFRESH_TOKEN) await delay(SLOW_LIST_MS, undefined, { signal: stopping });
  send(response, { items: meetings.get(calendar) ?? [], nextSyncToken: "demo-1" });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
