import { createHash } from "node:crypto";
import type { calendar_v3 } from "@googleapis/calendar";
import type { Clock } from "../clock.ts";
import type { GoogleCalendarConfig } from "../config/calendar.ts";
import { CHANNEL_POLICY } from "../scoring/calendar/channel-lifetime.ts";
import { SealBroken, type Seals } from "../sealed-text.ts";
import {
  type Answer,
  type CalendarPort,
  CalendarUnavailable,
  type EventsCursor,
  type EventsPage,
  type FreshTokens,
  type Grant,
} from "./calendar.ts";
import { pageIn } from "./google-events.ts";
import { failureIn, verdictOn } from "./google-refusals.ts";

export type GoogleOptions = Omit<GoogleCalendarConfig, "encryptionKeys"> & {
  readonly seals: Seals;
  readonly clock: Clock;
};

const REFRESH_BEFORE_MS = 5 * 60_000;
/** A single request; the job's own limit ends what is made of several. */
const REQUEST_LIMIT_MS = 15_000;

type GoogleClient = typeof import("@googleapis/calendar");
type OAuthClient = InstanceType<GoogleClient["auth"]["OAuth2"]>;
type Ask<T> = (api: calendar_v3.Calendar) => Promise<T>;

/** Google's calendars, through Google's own client. Its retries are off: the outbox knows better, and remembers. */
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
          return { kind: "watched" as const, tokenHash, ...livesAs(data) };
        } catch (error) {
          if (failureIn(error).reason === "channelIdNotUnique") return { kind: "taken" as const, tokenHash };
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
          if (failureIn(error).status !== 410) throw error;
        }
        return { kind: "stopped" as const };
      });
      // Nobody may use it any more, or nobody knows it any more: either way nothing comes over it that we would read.
      return answer.result.kind === "refused" ? { ...answer, result: { kind: "stopped" } } : answer;
    },
  };
}

const EVENTS_PER_PAGE = 250;

/** Repeated meetings come one by one, as they take place. */
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
    return pageIn(data);
  } catch (error) {
    const { status } = failureIn(error);
    // A page of long ago is refused as a bad request.
    if (status === 410 || (status === 400 && (pageToken !== null || syncToken !== null)))
      return { kind: "expired" };
    throw error;
  }
}

/** What the provider made of the channel. Both times are its own: what was asked for counts for nothing. */
function livesAs({ resourceId, expiration }: calendar_v3.Schema$Channel): {
  resourceId: string;
  expiresAt: string;
} {
  const expiresMs = Number(expiration);
  if (!resourceId || !Number.isSafeInteger(expiresMs) || expiresMs <= 0)
    throw new CalendarUnavailable(
      "the calendar provider opened a channel without saying for what, or until when",
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
 * Asks with the access token of the grant. It is refreshed when too little of it is left, and once more when it is refused before
 * its time. What was refreshed is part of the answer, even when what was asked for failed.
 */
async function withGrant<T>(
  options: GoogleOptions,
  grant: Grant,
  signal: AbortSignal,
  ask: Ask<T>,
): Promise<Answer<T>> {
  // Loaded by the first call: most processes never make one, and it takes a while.
  const google = await import("@googleapis/calendar");
  const client = oauthClient(google, options, signal);
  const api = google.calendar({ version: "v3", auth: client, rootUrl: options.apiUrl });
  let tokens: FreshTokens | null = null;
  try {
    if (isFresh(options, grant)) useAccess(client, options.seals, grant);
    else tokens = await refresh(client, options, grant);
    try {
      return { tokens, result: await ask(api) };
    } catch (error) {
      if (tokens !== null || failureIn(error).status !== 401) throw error;
      tokens = await refresh(client, options, grant);
      return { tokens, result: await ask(api) };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealBroken || error instanceof CalendarUnavailable) throw error;
    const verdict = verdictOn(error);
    if (verdict.kind === "refused") return { tokens, result: verdict };
    if (tokens !== null) return { tokens, result: { kind: "again" } };
    throw verdict.error;
  }
}

function isFresh({ clock }: GoogleOptions, { accessToken, accessExpiresAt }: Grant): boolean {
  if (accessToken === null || accessExpiresAt === null) return false;
  return Date.parse(accessExpiresAt) - clock.now().getTime() >= REFRESH_BEFORE_MS;
}

function useAccess(client: OAuthClient, seals: Seals, { owner, accessToken }: Grant): void {
  client.setCredentials({ access_token: seals.open(accessToken ?? "", purpose(owner, "access")) });
}

/** Leaves the client with the new access token alone: with a refresh token it would refresh behind our back. */
async function refresh(client: OAuthClient, options: GoogleOptions, grant: Grant): Promise<FreshTokens> {
  const { seals, clock } = options;
  const { owner } = grant;
  const refreshToken = seals.open(grant.refreshToken, purpose(owner, "refresh"));
  // The client hides a refresh token that was replaced; only its event shows it.
  let replaced = refreshToken;
  client.once("tokens", (tokens) => {
    replaced = tokens.refresh_token ?? refreshToken;
  });
  client.setCredentials({ refresh_token: refreshToken });
  const { credentials } = await client.refreshAccessToken();
  const { access_token: accessToken, expiry_date: expiresMs } = credentials;
  if (!accessToken || !expiresMs)
    throw new CalendarUnavailable(
      "the calendar provider refreshed a token without saying which, or until when",
    );
  client.setCredentials({ access_token: accessToken });
  return {
    refreshToken: seals.seal(replaced, purpose(owner, "refresh")),
    accessToken: seals.seal(accessToken, purpose(owner, "access")),
    // The client reckons by the clock of the machine; what counts is how long it lives from now.
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
