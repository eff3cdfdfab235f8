import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { onTestFinished } from "vitest";
import { answer, answerFault, type Fault, type Route, refuse } from "./google-faults.ts";
import { outsideServer } from "./outside.ts";

/** A channel at Google. */
export type GoogleChannel = {
  readonly id: string;
  readonly token: string;
  readonly address: string;
  readonly grant: string;
  readonly resourceId: string;
  expiresMs: number;
  stopped: boolean;
  messages: number;
};

export type GoogleRequest = {
  readonly route: Route;
  readonly grant: string;
  readonly body: Record<string, unknown>;
};

/** Google's opaque resource id of the calendar of a grant. */
export const resourceOf = (grant: string): string =>
  createHash("sha256").update(grant).digest("base64url").slice(0, 20);

const ACCESS_SECONDS = 3_600;

/** What a test sets, and reads. */
const googleState = () => ({
  url: "",
  /** Its clock. A test that moves the clock of the world sets it. */
  now: () => new Date(),
  /** Valid grants. */
  grants: new Set<string>(),
  channels: [] as GoogleChannel[],
  /** The longest lifetime of a channel, whatever is requested. */
  longestMs: 7 * 24 * 3_600_000,
  requests: [] as GoogleRequest[],
  faults: [] as { route: Route; fault: Fault }[],
  /** The grants by access token. */
  accessTokens: new Map<string, string>(),
  losesPushes: false,
  /** The webhook's URL, if it differs from the configured one. */
  webhook: null as string | null,
  /** Called during a call: before anything is done, and after. */
  observe: async () => {},
  /** Refresh tokens that replace another at its next use. */
  replacements: new Map<string, string>(),
  /** Lists entries: none, unless google-events.ts adds some. */
  list(_grant: string, _url: URL, response: ServerResponse) {
    answer(response, 200, { items: [], nextSyncToken: "sync-1-0" });
  },
});

type GoogleState = ReturnType<typeof googleState>;

function faultsAndGrants(google: GoogleState) {
  const dropAccess = (grant: string) => {
    for (const [token, owner] of google.accessTokens) if (owner === grant) google.accessTokens.delete(token);
  };
  return {
    fail(route: Route, ...faults: Fault[]) {
      google.faults.push(...faults.map((fault) => ({ route, fault })));
    },
    count: (route: Route): number => google.requests.filter((request) => request.route === route).length,
    dropAccess,
    /** Revokes a grant, with its refresh token and its access tokens. */
    revoke(grant: string) {
      google.grants.delete(grant);
      dropAccess(grant);
    },
  };
}

function channelsAndPushes(google: GoogleState) {
  const live = (grant: string): GoogleChannel[] =>
    google.channels.filter(
      (channel) => channel.grant === grant && !channel.stopped && channel.expiresMs > google.now().getTime(),
    );
  const pushOver = async (channel: GoogleChannel, state = "exists"): Promise<number> => {
    channel.messages += 1;
    const headers = {
      "X-Goog-Channel-ID": channel.id,
      "X-Goog-Channel-Token": channel.token,
      "X-Goog-Channel-Expiration": new Date(channel.expiresMs).toUTCString(),
      "X-Goog-Resource-ID": channel.resourceId,
      "X-Goog-Resource-URI": `${google.url}/calendar/v3/calendars/primary/events`,
      "X-Goog-Resource-State": state,
      "X-Goog-Message-Number": String(channel.messages),
    };
    const response = await fetch(google.webhook ?? channel.address, { method: "POST", headers });
    await response.arrayBuffer();
    return response.status;
  };
  return {
    live,
    pushOver,
    /** Closes a channel before it expires. */
    expire(id: string) {
      for (const channel of google.channels)
        if (channel.id === id) channel.expiresMs = google.now().getTime();
    },
    /** Pushes a change over every channel of a calendar. @returns the status codes of the answers. */
    push: async (grant: string, state = "exists"): Promise<number[]> =>
      google.losesPushes ? [] : Promise.all(live(grant).map((channel) => pushOver(channel, state))),
  };
}

/**
 * A fake of Google's Calendar API and token endpoint: a small HTTP server. A grant is identified by its
 * refresh token and has one calendar. Faults are queued per route: the next call of a route takes the first
 * one.
 */
export async function fakeGoogle() {
  const state = googleState();
  const google = Object.assign(state, faultsAndGrants(state), channelsAndPushes(state));
  const server = await outsideServer(async (body, response, request) => {
    await google.observe();
    const held = holdEnd(response);
    serve(google, body, response, request);
    await google.observe();
    held.release();
  });
  google.url = server.url;
  onTestFinished(() => server.close());
  return google;
}

export type FakeGoogle = Awaited<ReturnType<typeof fakeGoogle>>;

function serve(google: FakeGoogle, text: string, response: ServerResponse, request: IncomingMessage) {
  const url = new URL(request.url ?? "/", google.url);
  const route = routeOf(request.method ?? "", url.pathname);
  if (route === null) return refuse(response, 404, "notFound");
  const body =
    route === "token" ? Object.fromEntries(new URLSearchParams(text)) : text ? JSON.parse(text) : {};
  const grant = grantOf(google, route, body, request);
  google.requests.push({ route, grant: grant ?? "", body });
  const index = google.faults.findIndex((one) => one.route === route);
  const fault = index < 0 ? undefined : google.faults.splice(index, 1)[0]?.fault;
  if (fault !== undefined && fault !== "drop after") return answerFault(response, fault);
  // The connection breaks after the work is done, so the answer is lost.
  if (fault === "drop after") response.end = (() => response.socket?.destroy()) as never;
  if (route === "token") return grantAccess(google, grant, response);
  if (grant === null) return answerFault(response, "401");
  if (route === "watch") return openChannel(google, grant, body, response);
  if (route === "stop") return closeChannel(google, grant, body, response);
  return google.list(grant, url, response);
}

/** Holds an answer back until it is released, so that a test can check the state before it arrives. */
function holdEnd(response: ServerResponse): { release(): void } {
  const end = response.end.bind(response);
  let pending: (() => void) | null = null;
  response.end = ((body?: string) => {
    pending = () => end(body);
    return response;
  }) as typeof response.end;
  return { release: () => pending?.() };
}

function routeOf(method: string, path: string): Route | null {
  if (method === "POST" && path === "/token") return "token";
  if (method === "POST" && path === "/calendar/v3/channels/stop") return "stop";
  if (method === "POST" && path === "/calendar/v3/calendars/primary/events/watch") return "watch";
  return method === "GET" && path === "/calendar/v3/calendars/primary/events" ? "list" : null;
}

/** The grant of a call; null if its token is invalid. */
function grantOf(
  google: FakeGoogle,
  route: Route,
  body: Record<string, unknown>,
  request: IncomingMessage,
): string | null {
  if (route !== "token")
    return google.accessTokens.get(request.headers.authorization?.split(" ")[1] ?? "") ?? null;
  const refreshToken = String(body["refresh_token"]);
  return google.grants.has(refreshToken) ? refreshToken : null;
}

function grantAccess(google: FakeGoogle, grant: string | null, response: ServerResponse) {
  if (grant === null) return answerFault(response, "400 invalid_grant");
  const accessToken = `access-${google.accessTokens.size + 1}-of-${grant}`;
  google.accessTokens.set(accessToken, grant);
  const replacement = google.replacements.get(grant);
  if (replacement !== undefined) google.grants.add(replacement);
  answer(response, 200, {
    access_token: accessToken,
    expires_in: ACCESS_SECONDS,
    token_type: "Bearer",
    ...(replacement === undefined ? {} : { refresh_token: replacement }),
  });
}

function openChannel(
  google: FakeGoogle,
  grant: string,
  body: Record<string, unknown>,
  response: ServerResponse,
) {
  const { id, token, address, params } = body as {
    id: string;
    token: string;
    address: string;
    params?: { ttl?: string };
  };
  if (google.channels.some((channel) => channel.id === id))
    return refuse(response, 400, "channelIdNotUnique");
  const askedMs = Number(params?.ttl ?? 0) * 1_000 || google.longestMs;
  const channel: GoogleChannel = {
    id,
    token,
    address,
    grant,
    resourceId: resourceOf(grant),
    expiresMs: google.now().getTime() + Math.min(askedMs, google.longestMs),
    stopped: false,
    messages: 0,
  };
  google.channels.push(channel);
  answer(response, 200, {
    kind: "api#channel",
    id,
    token,
    resourceId: channel.resourceId,
    resourceUri: `${google.url}/calendar/v3/calendars/primary/events`,
    expiration: String(channel.expiresMs),
  });
}

function closeChannel(
  google: FakeGoogle,
  grant: string,
  body: Record<string, unknown>,
  response: ServerResponse,
) {
  const channel = google
    .live(grant)
    .find(({ id, resourceId }) => id === body["id"] && resourceId === body["resourceId"]);
  if (!channel) return refuse(response, 404, "notFound");
  channel.stopped = true;
  response.statusCode = 204;
  response.end();
}
