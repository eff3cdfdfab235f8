import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { disconnectCalendar } from "../../../../src/intake/calendar-connections.ts";
import { stopCalendarChannel } from "../../../../src/workers/notifications/calendar/stop-calendar-channel.ts";
import { watchCalendar } from "../../../../src/workers/notifications/calendar/watch-calendar.ts";
import {
  calendarWorld,
  channelsOf,
  DAY_MS,
  expectOneChannel,
  later,
  reconnect,
  statesOf,
} from "../../../support/calendars.ts";
import { gate } from "../../../support/gate.ts";
import { createWorld } from "../../../support/world.ts";

const actionEvents = (world: Awaited<ReturnType<typeof calendarWorld>>["world"]) =>
  world.query<{ payload: unknown }>(
    "select payload from domain_events where event_type = 'calendar.action_required' order by id",
  );

const statusOf = async (world: Awaited<ReturnType<typeof calendarWorld>>["world"], connectionId: string) =>
  (
    await world.query<{ status: string; reason: string | null }>(
      "select status, reason from calendar_connections where id = $1",
      [connectionId],
    )
  )[0];

describe("watch-calendar", () => {
  it("opens the channel of a new connection, and stores the answer", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    await expectOneChannel(world, google, connected);
    expect(await channelsOf(world, connected.connectionId)).toMatchObject([
      { state: "active", expires: new Date("2026-03-09T02:00:00Z"), renew: new Date("2026-03-07T02:00:00Z") },
    ]);
    expect(await world.query("select access_token from calendar_connections")).toEqual([
      { access_token: expect.stringMatching(/^v1\./) },
    ]);
  });

  it("defect 19: opens the new channel before it closes the old one, and keeps the old one if that fails", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    google.fail("watch", "500", "500");
    google.requests.length = 0;
    expect(await world.perform(watchCalendar, connected)).toMatchObject({ done: 1 });
    await world.drain();
    expect(google.count("stop")).toBe(0);
    expect(google.live("grant-1")).toHaveLength(1);
    expect(await statesOf(world, connected.connectionId)).toEqual(["active", "creating"]);
    await world.skipBackOff();
    await world.drain();
    const calls = google.requests
      .map(({ route }) => route)
      .filter((route) => ["watch", "stop"].includes(route));
    expect(calls).toEqual(["watch", "watch", "watch", "stop"]);
    await expectOneChannel(world, google, connected);
  });

  it("defect 20: stores the hash of each channel's secret, never the secret", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    google.fail("watch", "drop after", "500");
    await world.drain();
    const secrets = google.channels.map(({ token }) => token);
    expect(secrets[0]).toHaveLength(43);
    const written = await world.query<{ all: string }>(
      `select concat((select json_agg(o) from outbox o), (select json_agg(c) from calendar_channels c),
                     (select json_agg(c) from calendar_connections c), (select json_agg(r) from job_runs r)) as all`,
    );
    for (const text of [...secrets, connected.grant, "access-1"]) expect(written[0]!.all).not.toContain(text);
    expect(written[0]!.all).toContain("creating");
  });

  it.each([
    ["400 invalid_grant", "token", "grant_revoked"],
    ["403", "watch", "access_refused"],
    ["404", "watch", "calendar_gone"],
  ] as const)("defect 21: %s notifies the user once, and is never retried", async (fault, route, reason) => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    google.fail(route, fault);
    await world.drain();
    expect(await statusOf(world, connected.connectionId)).toEqual({ status: "action_required", reason });
    const requested = google.requests.length;
    for (let day = 0; day < 3; day++) {
      later(world, DAY_MS);
      expect(await world.perform(watchCalendar, connected)).toMatchObject({ skipped: 1 });
    }
    expect(google.requests).toHaveLength(requested);
    expect((await actionEvents(world)).map(({ payload }) => payload)).toEqual([
      { user_id: connected.userId, connection_id: connected.connectionId, provider: "google" },
    ]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("notifies the user again when a renewed grant is refused again", async () => {
    const { world, google, connect } = await calendarWorld();
    const { userId, connectionId } = await connect("grant-1");
    google.revoke("grant-1");
    await world.drain();
    await reconnect(world, google, userId, "grant-2");
    await world.drain();
    expect(await statusOf(world, connectionId)).toEqual({ status: "active", reason: null });
    google.revoke("grant-2");
    later(world, 6 * DAY_MS);
    await world.perform(watchCalendar, { connectionId });
    expect(await actionEvents(world)).toHaveLength(2);
  });

  it("does not apply an answer to the old grant to a new one", async () => {
    const { world, google, connect } = await calendarWorld();
    const { userId, connectionId } = await connect("grant-1");
    google.revoke("grant-1");
    const reached = gate();
    const answered = gate();
    google.observe = async () => {
      google.observe = async () => undefined;
      reached.open();
      await answered.passed;
    };
    const refusing = world.drain();
    await reached.passed;
    await reconnect(world, google, userId, "grant-2");
    answered.open();
    await refusing;
    expect(await statusOf(world, connectionId)).toEqual({ status: "active", reason: null });
    expect(await actionEvents(world)).toEqual([]);
    expect(google.live("grant-2")).toHaveLength(1);
  });

  it.each(["429", "500", "503", "drop", "403 rateLimitExceeded"] as const)(
    "is retried after %s",
    async (fault) => {
      const { world, google, connect } = await calendarWorld();
      const connected = await connect("grant-1");
      google.fail("watch", fault, fault);
      await world.drain();
      expect(google.live("grant-1")).toEqual([]);
      await world.skipBackOff();
      await world.drain();
      await expectOneChannel(world, google, connected);
      expect((await statusOf(world, connected.connectionId))?.status).toBe("active");
    },
  );

  it("is retried at Google's Retry-After, without using an attempt", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    google.fail("token", "429 retry-after");
    expect(await world.perform(watchCalendar, connected)).toMatchObject({ snoozed: 1 });
    const [waiting] = await world.query<{ attempts: number; seconds: number }>(
      "select attempts, extract(epoch from run_at - now())::int as seconds from outbox",
    );
    expect(waiting!.attempts).toBe(0);
    expect(waiting!.seconds).toBeGreaterThan(30);
  });

  it("gives up at its time limit when Google hangs, and keeps the old channel", async () => {
    const { world, google, connect } = await calendarWorld({
      jobs: [{ ...watchCalendar, name: "watch-impatiently", timeLimitMs: 300 }],
    });
    const connected = await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    google.fail("token", "hang");
    expect(
      await world.perform({ ...watchCalendar, name: "watch-impatiently", timeLimitMs: 300 }, connected),
    ).toMatchObject({ retry: 1 });
    expect((await world.enqueued())[0]?.error).toMatch(/^TimeLimitExceeded/);
    expect(google.live("grant-1")).toHaveLength(1);
  });

  it("abandons the id of a channel whose answer was lost, and opens another", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    google.fail("watch", "drop after");
    await world.drain();
    await world.skipBackOff();
    await world.drain();
    expect(google.channels).toHaveLength(2);
    expect((await statesOf(world, connected.connectionId)).sort()).toEqual(["active", "draining"]);
  });

  it("does nothing when the channel is not due, or the connection is gone", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    const requested = google.requests.length;
    expect(await world.perform(watchCalendar, connected)).toMatchObject({
      reasons: { "its channel is not due for renewal": 1 },
    });
    expect(await world.perform(watchCalendar, { connectionId: "999" })).toMatchObject({
      reasons: { "the connection is not active": 1 },
    });
    expect(google.requests).toHaveLength(requested);
  });

  it("closes a new channel if the connection was disconnected during the call", async () => {
    const { world, google, connect } = await calendarWorld();
    const { userId, connectionId } = await connect("grant-1");
    const reached = gate();
    const answered = gate();
    google.observe = async () => {
      if (google.count("watch") === 0) return;
      google.observe = async () => undefined;
      reached.open();
      await answered.passed;
    };
    const opening = world.drain();
    await reached.passed;
    await inTransaction(world.db, (tx) => disconnectCalendar(tx, userId, world.clock.now()));
    answered.open();
    await opening;
    await world.drain();
    expect(google.live("grant-1")).toEqual([]);
    expect(await statesOf(world, connectionId)).toEqual(["stopped"]);
    expect(await world.query("select refresh_token, access_token from calendar_connections")).toEqual([
      { refresh_token: null, access_token: null },
    ]);
  });

  it("two at once open one channel", async () => {
    const { world, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    const [entry] = await world.enqueued(watchCalendar);
    await Promise.all([1, 2, 3].map(() => world.run(watchCalendar, [entry!.id])));
    await world.skipBackOff();
    await world.drain();
    const active = (await channelsOf(world, connected.connectionId)).filter(
      ({ state }) => state === "active",
    );
    expect(active).toHaveLength(1);
    expect(await world.enqueued(stopCalendarChannel)).toEqual([]);
  });

  it("is skipped when no provider is configured", async () => {
    const world = await createWorld();
    expect(await world.perform(watchCalendar, { connectionId: "1" })).toMatchObject({
      reasons: { "GOOGLE_CLIENT_ID is not set: no calendar provider is configured": 1 },
    });
  });
});
