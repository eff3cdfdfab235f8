import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../src/db/client.ts";
import { stopCalendarChannel } from "../../../src/workers/notifications/calendar/stop-calendar-channel.ts";
import { syncCalendar } from "../../../src/workers/notifications/calendar/sync-calendar.ts";
import { watchCalendar } from "../../../src/workers/notifications/calendar/watch-calendar.ts";
import { channelsOf, DAY_MS, later, statesOf } from "../../support/calendars.ts";
import { eventually } from "../../support/eventually.ts";
import { meetingsOf, meetingWorld } from "../../support/meetings.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

const PATH = "/webhooks/google_calendar";

/** Ada has a watched calendar; Bob is a guest. */
async function scene(environment: Record<string, string> = {}) {
  const meeting = await meetingWorld({ environment });
  const { world, google } = meeting;
  const [ada, bob] = [await meeting.person("ada"), await meeting.guest("bob")];
  await world.drain();
  const address = await serve(world);
  google.webhook = `${address}${PATH}`;
  const [channel] = google.live(ada.grant);
  const send = (headers: Record<string, string>, method = "POST") =>
    fetch(`${address}${PATH}`, { method, headers }).then(async (response) => ({
      status: response.status,
      body: await response.text(),
    }));
  const right = {
    "X-Goog-Channel-ID": channel!.id,
    "X-Goog-Channel-Token": channel!.token,
    "X-Goog-Resource-ID": channel!.resourceId,
    "X-Goog-Resource-State": "exists",
    "X-Goog-Message-Number": "2",
  };
  return { ...meeting, ada, bob, address, channel: channel!, send, right };
}

const counted = async (world: World): Promise<Record<string, number>> => {
  const metric = await world.metrics.webhookCalls.get();
  return Object.fromEntries(
    metric.values
      .filter(({ labels }) => labels["source"] === "google_calendar")
      .map(({ labels, value }) => [String(labels["status"]), value]),
  );
};

describe("POST /webhooks/google_calendar", () => {
  it("enqueues the sync of a changed calendar", async () => {
    const { world, google, ada, bob, meet } = await scene();
    meet("m1", [ada, bob]);
    expect(await google.push(ada.grant)).toEqual([200]);
    expect((await world.enqueued()).map(({ job, key }) => [job, key])).toEqual([
      ["sync-calendar", ada.connectionId],
    ]);
    later(world, 60_000);
    await world.drain();
    expect(await meetingsOf(world)).toHaveLength(1);
    expect(await counted(world)).toEqual({ accepted: 1 });
  });

  it("enqueues one job for all messages of a calendar, over any number of channels", async () => {
    const { world, google, ada } = await scene();
    later(world, 6 * DAY_MS);
    await world.perform(watchCalendar, ada);
    await world.query("delete from outbox");
    expect(google.live(ada.grant)).toHaveLength(2);
    const statuses = (await Promise.all(Array.from({ length: 40 }, () => google.push(ada.grant)))).flat();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses).toHaveLength(80);
    expect(await world.enqueued(syncCalendar)).toHaveLength(1);
    expect(await counted(world)).toEqual({ accepted: 80 });
  });

  it("treats the first message of a channel as a greeting", async () => {
    const { world, google, ada } = await scene();
    expect(await google.push(ada.grant, "sync")).toEqual([200]);
    expect(await world.enqueued()).toEqual([]);
    expect(await counted(world)).toEqual({ greeting: 1 });
  });

  it.each([
    ["another secret", { "X-Goog-Channel-Token": "x".repeat(43) }],
    ["no secret", { "X-Goog-Channel-Token": "" }],
    ["a channel that does not exist", { "X-Goog-Channel-ID": "6f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01" }],
    ["a channel id that is not a uuid", { "X-Goog-Channel-ID": "1' or '1'='1" }],
    ["another resource", { "X-Goog-Resource-ID": "other" }],
    ["no state", { "X-Goog-Resource-State": "" }],
    ["an oversized secret", { "X-Goog-Channel-Token": "x".repeat(5_000) }],
  ])("defect 20: answers 200 to %s, without a body or an effect", async (_what, wrong) => {
    const { world, send, right } = await scene();
    expect(await send({ ...right, ...wrong })).toEqual({ status: 200, body: "" });
    expect(await world.enqueued()).toEqual([]);
    expect(await counted(world)).toEqual({ unknown: 1 });
    expect(await send(right)).toEqual({ status: 200, body: "" });
    expect(await world.enqueued(syncCalendar)).toHaveLength(1);
  });

  it("ignores messages over a stopped channel or for an inactive connection", async () => {
    const { world, send, right, ada } = await scene();
    await world.query("update calendar_connections set status = 'action_required'");
    await send(right);
    await world.query("update calendar_connections set status = 'active'");
    await world.query("update calendar_channels set state = 'stopped', stopped_at = now()");
    await send(right);
    expect(await counted(world)).toEqual({ ignored: 2 });
    expect(await statesOf(world, ada.connectionId)).toEqual(["stopped"]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("closes a channel whose creation was not confirmed, once a message names its resource", async () => {
    const { world, google, ada } = await scene();
    later(world, 6 * DAY_MS);
    google.fail("watch", "drop after");
    await world.perform(watchCalendar, ada);
    await world.skipBackOff();
    await world.drain();
    expect(google.live(ada.grant)).toHaveLength(2);
    const lost = google.live(ada.grant)[0]!;
    expect((await channelsOf(world, ada.connectionId)).find(({ id }) => id === lost.id)?.state).toBe(
      "draining",
    );
    expect(await google.pushOver(lost)).toBe(200);
    expect((await world.enqueued(stopCalendarChannel)).map(({ key }) => key)).toEqual([lost.id]);
    await world.drain();
    expect(google.live(ada.grant).map(({ id }) => id)).not.toContain(lost.id);
    expect((await statesOf(world, ada.connectionId)).sort()).toEqual(["active", "stopped", "stopped"]);
  });

  it("answers 405 to methods other than POST", async () => {
    const { world, send } = await scene();
    expect((await send({}, "GET")).status).toBe(405);
    expect(await counted(world)).toEqual({ refused: 1 });
  });

  it("answers 200 beyond the limit of an address, without processing", async () => {
    const { world, send, right } = await scene({
      WEBHOOK_ADDRESS_BURST: "3",
      WEBHOOK_ADDRESS_PER_SECOND: "1",
    });
    for (let n = 0; n < 5; n++) expect((await send(right)).status).toBe(200);
    expect(await counted(world)).toEqual({ accepted: 3, limited: 2 });
  });

  it("answers 200 while Postgres is down", async () => {
    const { world, right } = await scene();
    const away = openDatabase(
      { ...world.config, databaseUrl: "postgres://nobody:x@127.0.0.1:1/none" },
      { max: 1 },
    );
    world.closing(() => away.close());
    const address = await serve(world, { db: away });
    const response = await fetch(`${address}${PATH}`, { method: "POST", headers: right });
    expect(response.status).toBe(200);
    expect(await counted(world)).toEqual({ unavailable: 1 });
  });

  it("answers 200 without any connected calendar", async () => {
    const world = await createWorld();
    const address = await serve(world);
    expect((await fetch(`${address}${PATH}`, { method: "POST" })).status).toBe(200);
  });

  it("end to end: a change in a watched calendar becomes a meeting", async () => {
    const { world, google, ada, bob, meet } = await scene();
    await world.startWorkers();
    world.at(new Date(world.clock.now().getTime() + 60_000).toISOString());
    meet("m1", [ada, bob]);
    await google.push(ada.grant);
    await eventually(async () => expect(await meetingsOf(world)).toHaveLength(1));
  });
});
