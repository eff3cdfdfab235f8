import { describe, expect, it } from "vitest";
import { syncCalendar } from "../../../../src/workers/notifications/calendar/sync-calendar.ts";
import { calendarWorld, DAY_MS, later, reconnect } from "../../../support/calendars.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { meetingEvent } from "../../../support/google-events.ts";
import {
  type Attendee,
  meetingEventsOf,
  meetingsOf,
  meetingWorld,
  responsesOf,
} from "../../../support/meetings.ts";
import { createWorld, type World } from "../../../support/world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Syncs a calendar, a minute later. */
async function read(world: World, ...people: Attendee[]): Promise<void> {
  later(world, MINUTE_MS);
  for (const { connectionId } of people) await world.perform(syncCalendar, { connectionId });
  await world.drain();
}

/** Ada, who organizes meetings, and Bob, both with calendars that were synced once. */
async function twoPeople() {
  const scene = await meetingWorld();
  const [ada, bob] = [await scene.person("ada"), await scene.person("bob")];
  await scene.world.drain();
  return { ...scene, ada, bob };
}

describe("sync-calendar: meetings", () => {
  it("stores a meeting once, whatever the number of calendars with it, and notifies the invited", async () => {
    const { world, ada, bob, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toEqual([
      expect.objectContaining({
        title: "Meeting m1",
        start: "2026-03-05T10:00",
        status: "scheduled",
        organizer: ada.userId,
      }),
    ]);
    expect(await responsesOf(world)).toEqual({ [ada.userId]: "accepted", [bob.userId]: "pending" });
    expect(await meetingEventsOf(world)).toEqual([
      { type: "meeting_invited", actor: ada.userId, payload: { invited_user_id: bob.userId } },
    ]);
  });

  it("two calendars synced at once store one meeting", async () => {
    const { world, ada, bob, meet } = await twoPeople();
    for (let n = 0; n < 20; n++) meet(`m${n}`, [ada, bob]);
    later(world, MINUTE_MS);
    await Promise.all([ada, bob].map(({ connectionId }) => world.perform(syncCalendar, { connectionId })));
    await world.drain();
    expect(await meetingsOf(world)).toHaveLength(20);
    expect(await meetingEventsOf(world)).toHaveLength(20);
  });

  it("notifies of a new time and of added or removed participants, and of nothing else", async () => {
    const { world, ada, bob, guest, meet } = await twoPeople();
    const cid = await guest("cid");
    meet("m1", [ada, bob]);
    await read(world, ada, bob);
    const before = (await meetingEventsOf(world)).length;
    const news = async () => (await meetingEventsOf(world)).slice(before);
    meet("m1", [ada, { ...bob, response: "accepted" }]);
    await read(world, ada, bob);
    expect(await responsesOf(world)).toMatchObject({ [bob.userId]: "accepted" });
    expect(await news()).toEqual([]);
    meet("m1", [ada, { ...bob, response: "accepted" }], { start: "2026-03-05T11:00:00Z" });
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toMatchObject([{ start: "2026-03-05T11:00" }]);
    meet("m1", [ada, cid], { start: "2026-03-05T11:00:00Z" });
    await read(world, ada);
    expect(await responsesOf(world)).toEqual({ [ada.userId]: "accepted", [cid.userId]: "pending" });
    const updated = { type: "meeting_updated", actor: ada.userId };
    expect(await news()).toEqual([
      { ...updated, payload: { changes: { time: true, participants: false } } },
      { type: "meeting_invited", actor: ada.userId, payload: { invited_user_id: cid.userId } },
      { ...updated, payload: { changes: { time: false, participants: true } } },
    ]);
  });

  it("does not notify of entries from before the first sync", async () => {
    const { world, events, person, guest } = await meetingWorld();
    await guest("bob");
    const ada = await person("ada");
    for (let n = 0; n < 3; n++)
      events.put(
        ada.grant,
        meetingEvent(`m${n}`, [{ email: ada.email, self: true }, { email: "bob@example.org" }]),
      );
    await read(world, ada);
    expect(await meetingsOf(world)).toHaveLength(3);
    expect(await meetingEventsOf(world)).toEqual([]);
  });

  it("does not notify of past meetings", async () => {
    const { world, ada, bob, meet } = await twoPeople();
    meet("m1", [ada, bob], { start: "2026-03-01T10:00:00Z" });
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toHaveLength(1);
    expect(await meetingEventsOf(world)).toEqual([]);
  });

  it("cancels a meeting that the organizer removed, and notifies once", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    await read(world, ada, bob);
    for (const { grant } of [ada, bob]) events.remove(grant, "m1");
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toMatchObject([{ status: "cancelled" }]);
    expect((await meetingEventsOf(world)).slice(1)).toEqual([
      {
        type: "meeting_updated",
        actor: ada.userId,
        payload: { changes: { time: false, participants: false } },
      },
    ]);
  });

  it("treats removal from a guest's calendar as a decline, and from the last one as a cancellation", async () => {
    const { world, events, person } = await meetingWorld();
    const [bob, cid] = [await person("bob"), await person("cid")];
    await world.drain();
    for (const self of [bob, cid]) {
      const people = [{ email: "outside@example.com" }, bob, cid].map(({ email }) => ({
        email,
        self: email === self.email,
      }));
      events.put(self.grant, meetingEvent("m1", people));
    }
    await read(world, bob, cid);
    events.remove(bob.grant, "m1");
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ status: "scheduled" }]);
    expect(await responsesOf(world)).toEqual({ [bob.userId]: "declined", [cid.userId]: "pending" });
    events.remove(cid.grant, "m1");
    await read(world, cid);
    expect(await meetingsOf(world)).toMatchObject([{ status: "cancelled" }]);
  });

  it("does not reschedule a cancelled meeting because another calendar shows it a moment longer", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    await read(world, ada);
    events.remove(ada.grant, "m1");
    await read(world, ada);
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ status: "cancelled" }]);
    later(world, HOUR_MS);
    meet("m1", [ada, bob]);
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toMatchObject([{ status: "scheduled" }]);
  });

  it("ignores entries that are not meetings: solo appointments, all-day entries, absences", async () => {
    const { world, ada, events } = await twoPeople();
    const self = { email: ada.email, self: true };
    const two = [self, { email: "bob@example.org" }];
    events.put(ada.grant, meetingEvent("dentist", [self]));
    events.put(ada.grant, {
      ...meetingEvent("holiday", two),
      start: { date: "2026-03-05" },
      end: { date: "2026-03-06" },
    });
    events.put(ada.grant, meetingEvent("away", two, { eventType: "outOfOffice" }));
    events.put(
      ada.grant,
      meetingEvent("room", [self, { email: "room@resource.example" }], {
        attendees: [
          { email: ada.email, self: true, responseStatus: "accepted" },
          { email: "room@resource.example", resource: true, responseStatus: "accepted" },
        ],
      }),
    );
    await read(world, ada);
    expect(await meetingsOf(world)).toEqual([]);
  });

  it("removes no participant because an entry hides the other guests", async () => {
    const { world, ada, bob, guest, events, meet } = await twoPeople();
    const cid = await guest("cid");
    meet("m1", [ada, bob, cid]);
    await read(world, ada);
    later(world, MINUTE_MS);
    events.put(
      bob.grant,
      meetingEvent("m1", [{ email: ada.email }, { email: bob.email, self: true, response: "tentative" }], {
        guestsCanSeeOtherGuests: false,
      }),
    );
    await read(world, bob);
    expect(await responsesOf(world)).toEqual({
      [ada.userId]: "accepted",
      [bob.userId]: "tentative",
      [cid.userId]: "pending",
    });
  });

  it("recognizes the owner under any address used in the calendar", async () => {
    const { world, ada, events } = await twoPeople();
    events.put(
      ada.grant,
      meetingEvent("m1", [
        { email: "BOB@example.org" },
        { email: "ada@private.example", self: true, response: "tentative" },
      ]),
    );
    await read(world, ada);
    expect(await responsesOf(world)).toMatchObject({ [ada.userId]: "tentative" });
    expect(Object.keys(await responsesOf(world))).toHaveLength(2);
  });

  it("stores each meeting of a series", async () => {
    const { world, ada, bob, meet } = await twoPeople();
    for (const day of ["05", "12", "19"]) {
      const start = `2026-03-${day}T10:00:00Z`;
      meet(`weekly_${day}`, [ada, bob], {
        start,
        iCalUID: "weekly@google.com",
        recurringEventId: "weekly",
        originalStartTime: { dateTime: start },
      });
    }
    await read(world, ada, bob);
    expect((await meetingsOf(world)).map(({ start }) => start)).toEqual([
      "2026-03-05T10:00",
      "2026-03-12T10:00",
      "2026-03-19T10:00",
    ]);
  });
});

describe("sync-calendar: pages and tokens", () => {
  it("reads page by page, each in its own transaction, and continues from there the next time", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    events.pageSize = 4;
    for (let n = 0; n < 10; n++) meet(`m${n}`, [ada, bob]);
    events.requests.length = 0;
    await read(world, ada);
    expect(events.requests.map((query) => query.get("pageToken"))).toEqual([null, "page-4-20", "page-8-20"]);
    expect(await meetingsOf(world)).toHaveLength(10);
    await read(world, ada);
    expect(events.requests).toHaveLength(4);
    expect(events.requests[3]!.get("syncToken")).toBe("sync-1-20");
  });

  it("continues from the page where it was interrupted", async () => {
    const { world, google, ada, bob, events, meet } = await twoPeople();
    events.pageSize = 4;
    for (let n = 0; n < 10; n++) meet(`m${n}`, [ada, bob]);
    later(world, MINUTE_MS);
    await world.perform(syncCalendar, ada);
    google.fail("list", "500");
    await world.drain();
    expect(await meetingsOf(world)).toHaveLength(4);
    await world.query("delete from outbox");
    await read(world, ada);
    expect(await meetingsOf(world)).toHaveLength(10);
  });

  it("stores the token of an empty page, too", async () => {
    const { world, ada, events } = await twoPeople();
    events.revision = 77;
    await read(world, ada);
    expect(
      await world.query("select sync_token from calendar_connections where id = $1", [ada.connectionId]),
    ).toEqual([{ sync_token: "sync-1-77" }]);
  });

  it("410: does a full sync, and finds and notifies of entries removed since", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    for (const id of ["stays", "goes"]) meet(id, [ada, bob]);
    await read(world, ada, bob);
    events.calendar(ada.grant).delete("goes");
    events.forgetSyncTokens();
    meet("comes", [ada, bob]);
    events.requests.length = 0;
    await read(world, ada);
    expect(events.requests.map((query) => [query.has("syncToken"), query.has("timeMin")])).toEqual([
      [true, false],
      [false, true],
    ]);
    const statuses = (await meetingsOf(world)).map(({ title, status }) => [title, status]).sort();
    expect(statuses).toEqual([
      ["Meeting comes", "scheduled"],
      ["Meeting goes", "cancelled"],
      ["Meeting stays", "scheduled"],
    ]);
    expect((await meetingEventsOf(world)).slice(2).map(({ type }) => type)).toEqual([
      "meeting_invited",
      "meeting_updated",
    ]);
  });

  it("does a full sync every seven days, because the window of a token does not move", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    meet("far", [ada, bob], { start: "2026-06-03T10:00:00Z" });
    events.revision += 1;
    await read(world, ada);
    later(world, 7 * DAY_MS);
    events.requests.length = 0;
    await read(world, ada);
    expect(events.requests.map((query) => query.has("syncToken"))).toEqual([false]);
    expect(events.requests[0]!.get("timeMax")).toMatch(/^2026-06-0/);
  });

  it("storing a page is idempotent", async () => {
    const { world, google, ada, bob, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    later(world, MINUTE_MS);
    google.fail("list", "drop after");
    await world.perform(syncCalendar, ada);
    await world.skipBackOff();
    await world.drain();
    await world.query("update calendar_connections set sync_token = 'sync-1-0', page_token = null");
    await read(world, ada, bob);
    expect(await meetingsOf(world)).toHaveLength(1);
    expect(await meetingEventsOf(world)).toHaveLength(1);
  });

  it("sends as many statements for a page of 200 meetings as for one of 5", async () => {
    const { world, ada, bob, meet } = await twoPeople();
    const count = async (meetings: number, name: string) => {
      for (let n = 0; n < meetings; n++) meet(`${name}${n}`, [ada, bob]);
      later(world, MINUTE_MS);
      return countQueries(world, () => world.perform(syncCalendar, ada));
    };
    const few = await count(5, "a");
    expect(await count(200, "b")).toBe(few);
    expect(await meetingsOf(world)).toHaveLength(205);
  });
});

describe("sync-calendar: refusals", () => {
  it.each(["429", "500", "drop", "403 rateLimitExceeded", "nonsense"] as const)(
    "is retried after %s",
    async (fault) => {
      const { world, google, ada, bob, meet } = await twoPeople();
      meet("m1", [ada, bob]);
      google.fail("list", fault);
      later(world, MINUTE_MS);
      expect(await world.perform(syncCalendar, ada)).toMatchObject({ retry: 1 });
      await world.skipBackOff();
      await world.drain();
      expect(await meetingsOf(world)).toHaveLength(1);
    },
  );

  it("gives up at its time limit when Google hangs", async () => {
    const impatient = { ...syncCalendar, name: "sync-impatiently", timeLimitMs: 300 };
    const { world, google, person } = await meetingWorld({ jobs: [impatient] });
    const ada = await person("ada");
    await world.drain();
    google.fail("list", "hang");
    expect(await world.perform(impatient, ada)).toMatchObject({ retry: 1 });
    expect((await world.enqueued())[0]?.error).toMatch(/^TimeLimitExceeded/);
  });

  it("notifies the user once when the grant is revoked, and stops calling", async () => {
    const { world, google, ada } = await twoPeople();
    google.revoke(ada.grant);
    await read(world, ada);
    await read(world, ada);
    expect(
      await world.query(
        "select payload->>'user_id' as user from domain_events where event_type = 'calendar.action_required'",
      ),
    ).toEqual([{ user: ada.userId }]);
  });

  it("faults 26: connecting another account leaves the meetings of the earlier one as they are", async () => {
    const { world, google, ada, bob, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    await read(world, ada, bob);
    const before = await meetingEventsOf(world);
    await reconnect(world, google, ada.userId, "grant-of-another-account");
    later(world, MINUTE_MS);
    await world.drain();
    expect(await meetingsOf(world)).toMatchObject([{ status: "scheduled" }]);
    expect(await responsesOf(world)).toEqual({ [ada.userId]: "accepted", [bob.userId]: "pending" });
    expect(await meetingEventsOf(world)).toEqual(before);
    expect(
      await world.query("select 1 from calendar_copies where connection_id = $1", [ada.connectionId]),
    ).toEqual([]);
  });

  it("finds entries removed while the same account was not connected", async () => {
    const { world, google, ada, bob, events, meet } = await twoPeople();
    meet("m1", [ada, bob]);
    await read(world, ada);
    events.names.set("a-new-grant", `${ada.grant}@calendar.test`);
    await reconnect(world, google, ada.userId, "a-new-grant");
    later(world, MINUTE_MS);
    await world.drain();
    expect(await meetingsOf(world)).toMatchObject([{ status: "cancelled" }]);
  });

  it("faults 26: a calendar that was renamed is read in full, and keeps its meetings", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    for (const name of ["goes", "stays"]) meet(name, [ada, bob]);
    await read(world, ada);
    events.names.set(ada.grant, "Renamed");
    meet("comes", [ada, bob]);
    events.requests.length = 0;
    await read(world, ada);
    expect(events.requests.map((query) => [query.has("syncToken"), query.has("timeMin")])).toEqual([
      [true, false],
      [false, true],
    ]);
    events.remove(ada.grant, "goes");
    events.requests.length = 0;
    await read(world, ada);
    expect(events.requests).toHaveLength(1);
    expect((await meetingsOf(world)).map(({ title, status }) => [title, status]).sort()).toEqual([
      ["Meeting comes", "scheduled"],
      ["Meeting goes", "cancelled"],
      ["Meeting stays", "scheduled"],
    ]);
  });

  it("faults 26: entries removed from a calendar while it is renamed are cancelled by the weekly full sync", async () => {
    const { world, ada, bob, events, meet } = await twoPeople();
    meet("goes", [ada, bob], { start: "2026-03-20T10:00:00Z" });
    await read(world, ada);
    events.names.set(ada.grant, "Renamed");
    events.remove(ada.grant, "goes");
    later(world, 7 * DAY_MS);
    await read(world, ada);
    expect(await meetingsOf(world)).toMatchObject([{ title: "Meeting goes", status: "cancelled" }]);
  });

  it("does nothing for a missing connection, or without a provider", async () => {
    const { world } = await calendarWorld();
    expect(await world.perform(syncCalendar, { connectionId: "999" })).toMatchObject({
      reasons: { "the connection is not active": 1 },
    });
    expect(await (await createWorld()).perform(syncCalendar, { connectionId: "1" })).toMatchObject({
      reasons: { "GOOGLE_CLIENT_ID is not set: no calendar provider is configured": 1 },
    });
  });
});
