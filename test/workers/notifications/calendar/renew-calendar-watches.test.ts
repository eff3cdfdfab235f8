import { describe, expect, it } from "vitest";
import { renewCalendarWatches } from "../../../../src/workers/notifications/calendar/renew-calendar-watches.ts";
import { stopCalendarChannel } from "../../../../src/workers/notifications/calendar/stop-calendar-channel.ts";
import { watchCalendar } from "../../../../src/workers/notifications/calendar/watch-calendar.ts";
import {
  calendarWorld,
  channelsOf,
  DAY_MS,
  expectOneChannel,
  later,
  statesOf,
} from "../../../support/calendars.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { createWorld, type World } from "../../../support/world.ts";

const HOUR_MS = 3_600_000;

/** Inserts connections whose channels are about to expire, without calling Google. */
async function plant(world: World, count: number): Promise<void> {
  await world.query(
    `with people as (insert into users (name) select '' from generate_series(1, $1::int) returning id),
          connected as (insert into calendar_connections (user_id, provider, refresh_token)
                        select id, 'google', 'v1.00000000.x' from people returning id)
     insert into calendar_channels (id, connection_id, state, resource_id, token_hash, expires_at, renew_at)
     select gen_random_uuid(), c.id, s.state, 'r', '\\x00', $2::timestamptz + interval '1 day', $2
     from connected c cross join (values ('active'), ('draining')) s(state)`,
    [count, world.clock.now()],
  );
}

describe("renew-calendar-watches", () => {
  it("renews a channel when less than 48 hours are left, and not before", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    const first = google.channels[0]!.id;
    later(world, 5 * DAY_MS - HOUR_MS);
    expect(await world.perform(renewCalendarWatches, { full: false })).toMatchObject({
      counts: { renewing: 0 },
    });
    later(world, HOUR_MS);
    expect(await world.perform(renewCalendarWatches, { full: false })).toMatchObject({
      counts: { renewing: 1 },
    });
    await world.drain();
    await expectOneChannel(world, google, connected);
    expect(google.live("grant-1")[0]!.id).not.toBe(first);
  });

  it("keeps a calendar watched for a month, by the hourly pass alone, with one channel at a time", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    for (let hours = 0; hours < 30 * 24; hours += 6) {
      later(world, 6 * HOUR_MS);
      await world.perform(renewCalendarWatches, { full: false });
      await world.drain();
      await expectOneChannel(world, google, connected);
    }
    expect(google.channels).toHaveLength(7);
  });

  it("the full pass finds a connection whose channel row is missing, the hourly one does not", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    await world.query("delete from calendar_channels");
    expect(await world.perform(renewCalendarWatches, { full: false })).toMatchObject({
      counts: { renewing: 0 },
    });
    expect(await world.perform(renewCalendarWatches, { full: true })).toMatchObject({
      counts: { renewing: 1 },
    });
    await world.drain();
    expect((await statesOf(world, connected.connectionId)).sort()).toEqual(["active"]);
    expect(google.live("grant-1")).toHaveLength(2);
  });

  it("the full pass marks expired channels as stopped, and deletes those stopped long ago", async () => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    google.revoke("grant-1");
    later(world, 8 * DAY_MS);
    expect(await world.perform(renewCalendarWatches, { full: true })).toMatchObject({
      counts: { renewing: 1, expired: 1, forgotten: 0 },
    });
    expect(await statesOf(world, connected.connectionId)).toEqual(["stopped"]);
    later(world, 31 * DAY_MS);
    expect(await world.perform(renewCalendarWatches, { full: true })).toMatchObject({
      counts: { forgotten: 1 },
    });
    expect(await channelsOf(world, connected.connectionId)).toEqual([]);
  });

  it("skips inactive connections, and channels that cannot be stopped", async () => {
    const { world, google, connect } = await calendarWorld();
    await connect("grant-1");
    await world.drain();
    google.revoke("grant-1");
    google.dropAccess("grant-1");
    later(world, 6 * DAY_MS);
    await world.perform(renewCalendarWatches, { full: true });
    await world.drain();
    expect(await world.query("select status from calendar_connections")).toEqual([
      { status: "action_required" },
    ]);
    for (const full of [true, false]) {
      expect(await world.perform(renewCalendarWatches, { full })).toMatchObject({
        counts: { renewing: 0, stopping: 0 },
      });
    }
  });

  it("enqueues one job per calendar, however often it runs", async () => {
    const { world, connect } = await calendarWorld();
    await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    for (const full of [false, true, false]) await world.perform(renewCalendarWatches, { full });
    expect(await world.enqueued(watchCalendar)).toHaveLength(1);
  });

  it.each([false, true])("sends as many statements for 400 connections as for 4 (full: %s)", async (full) => {
    const { world } = await calendarWorld();
    await plant(world, 4);
    const few = await countQueries(world, () => world.perform(renewCalendarWatches, { full }));
    await world.query("delete from outbox");
    await plant(world, 396);
    const many = await countQueries(world, () => world.perform(renewCalendarWatches, { full }));
    expect(await world.enqueued(watchCalendar)).toHaveLength(400);
    expect(await world.enqueued(stopCalendarChannel)).toHaveLength(400);
    expect(few).toBeGreaterThan(4);
    expect(many).toBe(few);
  });

  it("a dry run shows which calendars it would renew, and calls no one", async () => {
    const { world, google, connect } = await calendarWorld();
    const { connectionId } = await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    const requested = google.requests.length;
    const preview = await world.dryRun(renewCalendarWatches, { full: true });
    expect(preview).toMatchObject({
      fault: null,
      counts: { renewing: 1, stopping: 0 },
      entries: [{ job: "watch-calendar", payload: { connectionId } }],
    });
    const one = await world.dryRun(watchCalendar, { connectionId });
    expect(one.requests).toMatchObject([{ calendarId: "primary" }]);
    expect(one.requests).toMatchObject([{ grant: { refreshToken: "[not shown]" } }]);
    expect(JSON.stringify(one)).not.toContain("grant-1");
    expect(google.requests).toHaveLength(requested);
    expect(await world.enqueued()).toEqual([]);
    expect(await statesOf(world, connectionId)).toEqual(["active"]);
  });

  it("is skipped when no provider is configured", async () => {
    const world = await createWorld();
    expect(await world.perform(renewCalendarWatches, { full: true })).toMatchObject({
      reasons: { "GOOGLE_CLIENT_ID is not set: no calendar provider is configured": 1 },
    });
  });
});
