import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import {
  CalendarBusy,
  CalendarMisconfigured,
  CalendarUnavailable,
  type Grant,
} from "../../src/ports/calendar.ts";
import { openPorts } from "../../src/ports/open-ports.ts";
import { googleVariables, KEYS } from "../support/calendars.ts";
import { eventually } from "../support/eventually.ts";
import { type FakeGoogle, fakeGoogle, resourceOf } from "../support/google.ts";
import { type Fault, RETRY_AFTER_SECONDS, type Route } from "../support/google-faults.ts";

const never = new AbortController().signal;
/** A calendar needs none. */
const noDatabase = {} as Parameters<typeof openPorts>[1]["db"];
const CHANNEL = "6f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01";

function portFor(google: FakeGoogle, variables: Record<string, string> = {}) {
  const config = readConfig({
    DATABASE_URL: "postgres://u:p@db:5432/cw",
    REDIS_URL: "redis://cache:6379",
    ...googleVariables(google),
    ...variables,
  });
  return openPorts(config, { redis: null, clock: { now: google.now }, db: noDatabase }).calendar!;
}

async function scene() {
  const google = await fakeGoogle();
  let now = new Date("2026-03-02T02:00:00Z");
  google.now = () => now;
  google.grants.add("grant-1");
  const port = portFor(google);
  const watch = (grant: Grant, channelId = CHANNEL) =>
    port.watch({ grant, calendarId: "primary", channelId }, never);
  const stop = (grant: Grant, resourceId = resourceOf("grant-1")) =>
    port.stop({ grant, channelId: CHANNEL, resourceId }, never);
  const grant = port.sealGrant("google:1", "grant-1");
  /** The grant with an access token that expires in some minutes. */
  const refreshed = async (minutesLeft: number): Promise<Grant> => {
    const { tokens } = await watch(grant, "11111111-3f5f-4f0e-9a55-0d6a4c6f0b01");
    now = new Date(Date.parse(tokens!.accessExpiresAt) - minutesLeft * 60_000);
    google.requests.length = 0;
    return { ...grant, ...tokens! };
  };
  return { google, port, grant, watch, stop, refreshed };
}

describe("Google Calendar: opening a channel", () => {
  it("requests seven days, and keeps the expiry of the answer", async () => {
    const { google, grant, watch } = await scene();
    google.longestMs = 3 * 24 * 3_600_000;
    const { result } = await watch(grant);
    expect(result).toMatchObject({
      kind: "watched",
      resourceId: resourceOf("grant-1"),
      expiresAt: "2026-03-05T02:00:00.000Z",
    });
    expect(google.requests.find(({ route }) => route === "watch")!.body).toMatchObject({
      id: CHANNEL,
      type: "web_hook",
      address: "http://127.0.0.1:9/webhooks/google_calendar",
      params: { ttl: "604800" },
    });
  });

  it("defect 20: gives each channel a secret of its own, and returns only its hash", async () => {
    const { google, grant, watch } = await scene();
    const first = await watch(grant);
    await watch(grant, "7f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01");
    const [a, b] = google.channels;
    expect(a!.token).toMatch(/^[\w-]{43}$/);
    expect(b!.token).not.toBe(a!.token);
    expect(first.result).toMatchObject({ tokenHash: createHash("sha256").update(a!.token).digest("hex") });
  });

  it("recognizes an id that Google has already", async () => {
    const { grant, watch } = await scene();
    const first = await watch(grant);
    expect((await watch(grant)).result).toEqual({
      kind: "taken",
      tokenHash: (first.result as { tokenHash: string }).tokenHash,
    });
  });

  it("rejects a channel without a resource id or an expiry", async () => {
    const { google, watch, refreshed } = await scene();
    const fresh = await refreshed(30);
    google.fail("watch", "nonsense");
    await expect(watch(fresh)).rejects.toThrow(CalendarUnavailable);
  });
});

describe("Google Calendar: closing a channel", () => {
  it("closes it", async () => {
    const { google, grant, watch, stop } = await scene();
    await watch(grant);
    expect((await stop(grant)).result).toEqual({ kind: "stopped" });
    expect(google.live("grant-1")).toEqual([]);
  });

  it.each(["404", "401", "410"] as const)("treats %s as closed", async (fault) => {
    const { google, stop, refreshed } = await scene();
    const fresh = await refreshed(30);
    google.fail("stop", fault, fault);
    expect((await stop(fresh)).result).toEqual({ kind: "stopped" });
  });

  it.each(["429", "500", "drop"] as const)("does not treat %s as closed", async (fault) => {
    const { google, stop, refreshed } = await scene();
    const fresh = await refreshed(30);
    google.fail("stop", fault);
    await expect(stop(fresh)).rejects.toThrow();
  });
});

describe("Google Calendar: access tokens", () => {
  it("are refreshed when missing or within 5 minutes of expiry, and not before", async () => {
    const { google, grant, watch, refreshed } = await scene();
    expect((await watch(grant)).tokens).not.toBeNull();
    const other = "8f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01";
    const enough = await refreshed(5);
    expect((await watch(enough, other)).tokens).toBeNull();
    expect(google.count("token")).toBe(0);
    const little = await refreshed(4.9);
    const { tokens } = await watch(little, "9f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01");
    const livesMs = Date.parse(tokens!.accessExpiresAt) - google.now().getTime();
    expect(Math.abs(livesMs - 3_600_000)).toBeLessThan(1_000);
  });

  it("are refreshed once when one is rejected early", async () => {
    const { google, watch, refreshed } = await scene();
    const fresh = await refreshed(30);
    google.dropAccess("grant-1");
    const { tokens, result } = await watch(fresh);
    expect(result.kind).toBe("watched");
    expect(tokens).not.toBeNull();
    expect(google.requests.map(({ route }) => route)).toEqual(["watch", "token", "watch"]);
  });

  it("are returned sealed, and so is a rotated refresh token", async () => {
    const { google, grant, watch } = await scene();
    google.replacements.set("grant-1", "grant-1b");
    const { tokens } = await watch(grant);
    for (const text of [grant.refreshToken, tokens!.refreshToken, tokens!.accessToken]) {
      expect(text).toMatch(/^v1\./);
      expect(JSON.stringify(text)).not.toMatch(/grant-1|access-/);
    }
    google.requests.length = 0;
    await watch({ ...grant, refreshToken: tokens!.refreshToken }, "7f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01");
    expect(google.requests[0]).toMatchObject({ route: "token", grant: "grant-1b" });
  });

  it("that were refreshed are not lost when the call fails for a temporary reason", async () => {
    const { google, grant, watch } = await scene();
    google.fail("watch", "500");
    const { tokens, result } = await watch(grant);
    expect(result).toEqual({ kind: "again" });
    expect(tokens).not.toBeNull();
  });

  it("key rotation: opens what an old key sealed, and reseals it with the new one", async () => {
    const { google, grant } = await scene();
    const both = portFor(google, { TOKEN_ENCRYPTION_KEY: `${KEYS[1]},${KEYS[0]}` });
    const again = both.resealGrant(grant)!;
    expect(again.refreshToken).not.toBe(grant.refreshToken);
    expect(both.resealGrant(again)).toBeNull();
    const fresh = portFor(google, { TOKEN_ENCRYPTION_KEY: KEYS[1] });
    expect(
      (await fresh.watch({ grant: again, calendarId: "primary", channelId: CHANNEL }, never)).result.kind,
    ).toBe("watched");
    await expect(fresh.watch({ grant, calendarId: "primary", channelId: CHANNEL }, never)).rejects.toThrow(
      /TOKEN_ENCRYPTION_KEY/,
    );
  });
});

describe("Google Calendar: refusals", () => {
  const refusals: [Route, Fault, string][] = [
    ["token", "400 invalid_grant", "grant_revoked"],
    ["watch", "403", "access_refused"],
    ["watch", "404", "calendar_gone"],
  ];
  it.each(refusals)("%s answers %s: %s", async (route, fault, reason) => {
    const { google, grant, watch } = await scene();
    google.fail(route, fault);
    expect((await watch(grant)).result).toEqual({ kind: "refused", reason });
  });

  it("a token that is rejected twice means access_refused", async () => {
    const { google, watch, refreshed } = await scene();
    const fresh = await refreshed(30);
    google.fail("watch", "401", "401");
    expect((await watch(fresh)).result).toEqual({ kind: "refused", reason: "access_refused" });
  });

  it("a revoked grant is used only once", async () => {
    const { google, grant, watch } = await scene();
    google.revoke("grant-1");
    expect((await watch(grant)).result).toEqual({ kind: "refused", reason: "grant_revoked" });
    expect(google.requests.map(({ route }) => route)).toEqual(["token"]);
  });

  const passing: [Route, Fault, new (...fields: never[]) => Error][] = [
    ["watch", "429", CalendarBusy],
    ["watch", "429 retry-after", CalendarBusy],
    ["watch", "403 rateLimitExceeded", CalendarBusy],
    ["watch", "500", CalendarUnavailable],
    ["watch", "503", CalendarUnavailable],
    ["watch", "drop", CalendarUnavailable],
    ["watch", "403 accessNotConfigured", CalendarMisconfigured],
  ];
  it.each(passing)(
    "%s answers %s: thrown after one call, without the user's data",
    async (route, fault, kind) => {
      const { google, watch, refreshed } = await scene();
      const fresh = await refreshed(30);
      google.fail(route, fault);
      const error = await watch(fresh).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).not.toMatch(/example\.com|access-/);
      expect(google.count(route)).toBe(1);
      if (fault === "429 retry-after")
        expect((error as CalendarBusy).retryAfterMs).toBe(RETRY_AFTER_SECONDS * 1_000);
    },
  );

  it.each(["401 invalid_client", "500", "429", "drop"] as const)(
    "the token endpoint answers %s: not the fault of the grant",
    async (fault) => {
      const { google, grant, watch } = await scene();
      google.fail("token", fault);
      await expect(watch(grant)).rejects.toThrow(/^the calendar provider/);
      expect(google.count("token")).toBe(1);
    },
  );

  it.each(["token", "watch"] as const)(
    "a %s that hangs ends with the signal of the attempt",
    async (route) => {
      const { google, port, grant } = await scene();
      google.fail(route, "hang");
      const stop = new AbortController();
      const asking = port.watch({ grant, calendarId: "primary", channelId: CHANNEL }, stop.signal);
      const ended = expect(asking).rejects.toThrow("the time is up");
      await eventually(() => expect(google.count(route)).toBe(1));
      stop.abort(new Error("the time is up"));
      await ended;
    },
  );
});
