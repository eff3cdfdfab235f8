import { describe, expect, it } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { disconnectCalendar } from "../../../../src/intake/calendar-connections.ts";
import { stopCalendarChannel } from "../../../../src/workers/notifications/calendar/stop-calendar-channel.ts";
import { watchCalendar } from "../../../../src/workers/notifications/calendar/watch-calendar.ts";
import { calendarWorld, channelsOf, DAY_MS, expectOneChannel, later } from "../../../support/calendars.ts";
import { createWorld } from "../../../support/world.ts";

/** A connection whose channel was just replaced, with the old one draining. */
async function scene() {
  const { world, google, connect } = await calendarWorld();
  const connected = await connect("grant-1");
  await world.drain();
  later(world, 6 * DAY_MS);
  await world.perform(watchCalendar, connected);
  const [old] = await channelsOf(world, connected.connectionId);
  expect(old).toMatchObject({ state: "draining" });
  return { world, google, connected, channelId: old!.id };
}

describe("stop-calendar-channel", () => {
  it("closes the replaced channel; until then both push", async () => {
    const { world, google, connected, channelId } = await scene();
    expect(google.live("grant-1")).toHaveLength(2);
    expect(await world.perform(stopCalendarChannel, { channelId })).toMatchObject({ counts: { stopped: 1 } });
    await expectOneChannel(world, google, connected);
    expect((await channelsOf(world, connected.connectionId))[0]).toMatchObject({ state: "stopped" });
  });

  it.each(["404", "410"] as const)("treats %s as done", async (fault) => {
    const { world, google, connected, channelId } = await scene();
    google.fail("stop", fault);
    await world.perform(stopCalendarChannel, { channelId });
    expect((await channelsOf(world, connected.connectionId))[0]).toMatchObject({ state: "stopped" });
  });

  it("treats a refused grant as done, and leaves notifying the user to the renewal", async () => {
    const { world, google, connected, channelId } = await scene();
    google.revoke("grant-1");
    await world.perform(stopCalendarChannel, { channelId });
    expect((await channelsOf(world, connected.connectionId))[0]).toMatchObject({ state: "stopped" });
    expect(await world.query("select status from calendar_connections")).toEqual([{ status: "active" }]);
  });

  it.each(["429", "500", "drop", "drop after"] as const)("is retried after %s", async (fault) => {
    const { world, google, connected, channelId } = await scene();
    google.fail("stop", fault);
    await world.perform(stopCalendarChannel, { channelId });
    expect((await channelsOf(world, connected.connectionId))[0]).toMatchObject({ state: "draining" });
    await world.skipBackOff();
    await world.drain();
    await expectOneChannel(world, google, connected);
  });

  it("stops a channel once, and skips one that is not draining", async () => {
    const { world, google, connected, channelId } = await scene();
    await world.perform(stopCalendarChannel, { channelId });
    const active = google.live("grant-1")[0]!.id;
    const requested = google.count("stop");
    for (const id of [channelId, active, "6f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01"]) {
      expect(await world.perform(stopCalendarChannel, { channelId: id })).toMatchObject({
        reasons: { "the channel is not draining": 1 },
      });
    }
    expect(google.count("stop")).toBe(requested);
    await expectOneChannel(world, google, connected);
  });

  it("deletes the tokens of a disconnected connection once its channels are closed", async () => {
    const { world, google, connected } = await scene();
    await inTransaction(world.db, (tx) => disconnectCalendar(tx, connected.userId, world.clock.now()));
    const tokens = () =>
      world.query(
        "select refresh_token is null as refresh, access_token is null as access from calendar_connections",
      );
    expect(await tokens()).toEqual([{ refresh: false, access: false }]);
    await world.drain();
    expect(google.live("grant-1")).toEqual([]);
    expect(await tokens()).toEqual([{ refresh: true, access: true }]);
  });

  it("is skipped when no provider is configured", async () => {
    const world = await createWorld();
    const channelId = "6f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01";
    expect(await world.perform(stopCalendarChannel, { channelId })).toMatchObject({
      reasons: { "GOOGLE_CLIENT_ID is not set: no calendar provider is configured": 1 },
    });
  });
});
