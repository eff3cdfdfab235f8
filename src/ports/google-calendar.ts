import { createHash } from "node:crypto";
import type { calendar_v3 } from "@googleapis/calendar";
import type { Clock } from "../clock.ts";
import type { GoogleCalendarConfig } from "../config/calendar.ts";
import { CHANNEL_POLICY } from "../scoring/calendar/channel-lifetime.ts";
import { SealBroken, type Seals } from "../sealed-text.ts";
import {
  type CalendarAnswer,
  type CalendarPort,
  CalendarUnavailable,
  type EventsCursor,
  type EventsPage,
  type FreshTokens,
  type Grant,
} from "./calendar.ts";
import { classifyError, readFailure } from "./google-errors.ts";
import { readPage } from "./google-events.ts";

export type GoogleOptions = Omit<GoogleCalendarConfig, "encryptionKeys"> & {
  readonly seals: Seals;
  readonly clock: Clock;
};

const REFRESH_BEFORE_MS = 5 * 60_000;
/** For a single request. The job's time limit covers calls that need several. */
const REQUEST_LIMIT_MS = 15_000;

type GoogleClient = typeof import("@googleapis/calendar");
type OAuthClient = InstanceType<GoogleClient["auth"]["OAuth2"]>;
type Call<T> = (api: calendar_v3.Calendar) => Promise<T>;

/** Google Calendar through Google's client library. Its retries are off, because the outbox retries. */
export function googleCalendarPort(options: GoogleOptions): CalendarPort {
  const { seals } = options;
  return {
    sealGrant: (owner, refreshToken) => ({
      owner,
      refreshToken: seals.seal(refreshToken, purpose(owner, "refresh")),
      accessToken: null,
      accessExpiresAt: null,
    }),
    resealGrant: (grant) => resealed(seals, grant),
    watch: ({ grant, calendarId, channelId }, signal) => {
      const secret = seals.secretFor(`calendar channel ${channelId}`);
      const tokenHash = createHash("sha256").update(secret).digest("hex");
      const channel = {
        id: channelId,
        token: secret,
        type: "web_hook",
        address: options.webhookUrl,
        params: { ttl: String(CHANNEL_POLICY.lifetimeMs / 1_000) },
      };
      return withGrant(options, grant, signal, async (api) => {
        try {
          const { data } = await api.events.watch({ calendarId, requestBody: channel });
          return { kind: "watched" as const, tokenHash, ...readChannel(data) };
        } catch (error) {
          if (readFailure(error).reason === "channelIdNotUnique")
            return { kind: "taken" as const, tokenHash };
          throw error;
        }
      });
    },
    listEvents: ({ grant, calendarId, cursor }, signal) =>
      withGrant(options, grant, signal, (api) => listPage(api, calendarId, cursor)),
    stop: async ({ grant, channelId, resourceId }, signal) => {
      const answer = await withGrant(options, grant, signal, async (api) => {
        try {
          await api.channels.stop({ requestBody: { id: channelId, resourceId } });
        } catch (error) {
          if (readFailure(error).status !== 410) throw error;
        }
        return { kind: "stopped" as const };
      });
      // Without a valid grant the provider sends nothing over the channel that we would accept.
      return answer.result.kind === "refused" ? { ...answer, result: { kind: "stopped" } } : answer;
    },
  };
}

const EVENTS_PER_PAGE = 250;

/** Lists a page of entries. Recurring meetings are expanded into single ones. */
async function listPage(
  api: calendar_v3.Calendar,
  calendarId: string,
  { window, syncToken, pageToken }: EventsCursor,
): Promise<EventsPage | { readonly kind: "expired" }> {
  try {
    const { data } = await api.events.list({
      calendarId,
      singleEvents: true,
      maxResults: EVENTS_PER_PAGE,
      ...(window ? { timeMin: window.from, timeMax: window.until } : {}),
      ...(syncToken === null ? {} : { syncToken }),
      ...(pageToken === null ? {} : { pageToken }),
    });
    return readPage(data);
  } catch (error) {
    const { status } = readFailure(error);
    // An old page token is answered with 400.
    if (status === 410 || (status === 400 && (pageToken !== null || syncToken !== null)))
      return { kind: "expired" };
    throw error;
  }
}

/**
 * The resource id and the expiry that the provider gave the channel, which may differ from the one requested.
 */
function readChannel({ resourceId, expiration }: calendar_v3.Schema$Channel): {
  resourceId: string;
  expiresAt: string;
} {
  const expiresMs = Number(expiration);
  if (!resourceId || !Number.isSafeInteger(expiresMs) || expiresMs <= 0)
    throw new CalendarUnavailable(
      "the calendar provider opened a channel without a resource id or an expiration",
    );
  return { resourceId, expiresAt: new Date(expiresMs).toISOString() };
}

const purpose = (owner: string, kind: "refresh" | "access"): string => `calendar ${kind} token of ${owner}`;

function resealed(seals: Seals, grant: Grant): Grant | null {
  const { owner, refreshToken, accessToken } = grant;
  const isCurrent = (text: string | null) => text === null || seals.isCurrent(text);
  if (isCurrent(refreshToken) && isCurrent(accessToken)) return null;
  const again = (text: string, kind: "refresh" | "access") =>
    seals.seal(seals.open(text, purpose(owner, kind)), purpose(owner, kind));
  return {
    ...grant,
    refreshToken: again(refreshToken, "refresh"),
    accessToken: accessToken === null ? null : again(accessToken, "access"),
  };
}

/**
 * Calls Google with the grant's access token, which is refreshed when it is about to expire, and once more
 * when it is rejected early. Refreshed tokens are part of the answer even if the call failed.
 */
async function withGrant<T>(
  options: GoogleOptions,
  grant: Grant,
  signal: AbortSignal,
  call: Call<T>,
): Promise<CalendarAnswer<T>> {
  // Loaded by the first call: it is slow to load, and most processes never call it.
  const google = await import("@googleapis/calendar");
  const client = oauthClient(google, options, signal);
  const api = google.calendar({ version: "v3", auth: client, rootUrl: options.apiUrl });
  let tokens: FreshTokens | null = null;
  try {
    if (isFresh(options, grant)) useAccess(client, options.seals, grant);
    else tokens = await refresh(client, options, grant);
    try {
      return { tokens, result: await call(api) };
    } catch (error) {
      if (tokens !== null || readFailure(error).status !== 401) throw error;
      tokens = await refresh(client, options, grant);
      return { tokens, result: await call(api) };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealBroken || error instanceof CalendarUnavailable) throw error;
    const failure = classifyError(error);
    if (failure.kind === "refused") return { tokens, result: failure };
    if (tokens !== null) return { tokens, result: { kind: "again" } };
    throw failure.error;
  }
}

function isFresh({ clock }: GoogleOptions, { accessToken, accessExpiresAt }: Grant): boolean {
  if (accessToken === null || accessExpiresAt === null) return false;
  return Date.parse(accessExpiresAt) - clock.now().getTime() >= REFRESH_BEFORE_MS;
}

function useAccess(client: OAuthClient, seals: Seals, { owner, accessToken }: Grant): void {
  client.setCredentials({ access_token: seals.open(accessToken ?? "", purpose(owner, "access")) });
}

/**
 * Sets only the access token on the client. With the refresh token it would refresh on its own, unnoticed.
 */
async function refresh(client: OAuthClient, options: GoogleOptions, grant: Grant): Promise<FreshTokens> {
  const { seals, clock } = options;
  const { owner } = grant;
  const refreshToken = seals.open(grant.refreshToken, purpose(owner, "refresh"));
  // The client returns the old refresh token even if Google has rotated it; only the event has the new one.
  let replaced = refreshToken;
  client.once("tokens", (tokens) => {
    replaced = tokens.refresh_token ?? refreshToken;
  });
  client.setCredentials({ refresh_token: refreshToken });
  const { credentials } = await client.refreshAccessToken();
  const { access_token: accessToken, expiry_date: expiresMs } = credentials;
  if (!accessToken || !expiresMs)
    throw new CalendarUnavailable(
      "the calendar provider refreshed a token without an access token or an expiry",
    );
  client.setCredentials({ access_token: accessToken });
  return {
    refreshToken: seals.seal(replaced, purpose(owner, "refresh")),
    accessToken: seals.seal(accessToken, purpose(owner, "access")),
    // The client computes the expiry with the clock of the machine; we need the remaining lifetime.
    accessExpiresAt: new Date(clock.now().getTime() + (expiresMs - Date.now())).toISOString(),
  };
}

function oauthClient(
  { auth }: GoogleClient,
  { clientId, clientSecret, tokenUrl }: GoogleOptions,
  signal: AbortSignal,
): OAuthClient {
  const client = new auth.OAuth2({
    clientId,
    clientSecret,
    endpoints: { oauth2TokenUrl: tokenUrl },
    transporterOptions: { signal, timeout: REQUEST_LIMIT_MS, fetchImplementation: fetch },
  });
  client.transporter.interceptors.request.add({
    resolved: async (request) => Object.assign(request, { retry: false, retryConfig: { retry: 0 } }),
  });
  return client;
}
