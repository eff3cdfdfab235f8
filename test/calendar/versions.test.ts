import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { syncCalendar } from "../../src/workers/notifications/calendar/sync-calendar.ts";
import { later } from "../support/calendars.ts";
import { type GoogleEvent, meetingEvent } from "../support/google-events.ts";
import {
  type Attendee,
  meetingEventsOf,
  meetingsOf,
  meetingWorld,
  responsesOf,
} from "../support/meetings.ts";
import { notifications } from "../support/notified.ts";
import { deleteAll } from "../support/platform.ts";
import { size } from "../support/sizes.ts";
import type { World } from "../support/world.ts";

const MINUTE_MS = 60_000;

async function read(world: World, ...people: Attendee[]): Promise<void> {
  later(world, MINUTE_MS);
  for (const { connectionId } of people) await world.perform(syncCalendar, { connectionId });
  await world.drain();
}

/** Reads calendars a minute apart, and then does what follows from it. */
async function readInTurn(world: World, people: readonly Attendee[]): Promise<void> {
  for (const { connectionId } of people) {
    later(world, MINUTE_MS);
    await world.perform(syncCalendar, { connectionId });
  }
  await world.drain();
}

/** Three users with calendars. */
async function threePeople() {
  const scene = await meetingWorld();
  const [ada, bob, cid] = [await scene.person("ada"), await scene.person("bob"), await scene.person("cid")];
  await scene.world.drain();
  /** Puts an entry into one calendar. The first address is the organizer's. */
  const show = (
    to: Attendee,
    emails: readonly string[],
    fields: Parameters<typeof meetingEvent>[2] = {},
    responses: Record<string, string> = {},
  ) =>
    scene.events.put(
      to.grant,
      meetingEvent(
        "m1",
        emails.map((email) => ({
          email,
          self: email === to.email,
          ...(responses[email] ? { response: responses[email] } : {}),
        })),
        fields,
      ) as GoogleEvent,
    );
  return { ...scene, ada, bob, cid, show };
}

describe("faults 24: a meeting called by somebody outside", () => {
  it("has no organizer here, and every guest is notified of the invitation", async () => {
    const { world, bob, cid, show } = await threePeople();
    const guests = ["outside@example.com", bob.email, cid.email];
    for (const guest of [bob, cid]) show(guest, guests);
    await read(world, bob, cid);
    expect(await meetingsOf(world)).toMatchObject([{ organizer: null }]);
    expect(await responsesOf(world)).toEqual({ [bob.userId]: "pending", [cid.userId]: "pending" });
    expect(await meetingEventsOf(world)).toEqual(
      [bob, cid].map(({ userId }) => ({
        type: "meeting_invited",
        actor: null,
        payload: { invited_user_id: userId },
      })),
    );
    expect((await notifications(world)).map(({ body }) => body.split(" invited ")[0])).toEqual([
      "**Someone**",
      "**Someone**",
    ]);
  });

  it("notifies all of them when it is moved", async () => {
    const { world, bob, cid, show } = await threePeople();
    const guests = ["outside@example.com", bob.email, cid.email];
    for (const guest of [bob, cid]) show(guest, guests);
    await read(world, bob, cid);
    for (const guest of [bob, cid]) show(guest, guests, { start: "2026-03-05T12:00:00Z" });
    await read(world, bob, cid);
    const moved = (await notifications(world)).filter(({ title }) => title.endsWith("new time"));
    expect(moved.map(({ user_id }) => user_id).sort()).toEqual([bob.userId, cid.userId].sort());
  });

  it("gets its organizer once their calendar is read", async () => {
    const { world, ada, bob, cid, show } = await threePeople();
    const guests = ["ada@private.example", bob.email, cid.email];
    show(bob, guests);
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ organizer: null }]);
    show({ ...ada, email: "ada@private.example" }, guests);
    await read(world, ada);
    expect(await meetingsOf(world)).toMatchObject([{ organizer: ada.userId }]);
  });
});

describe("faults 25: a guest's private edit", () => {
  it("stays private: title, time and guests are those of the organizer's calendar", async () => {
    const { world, ada, bob, cid, show } = await threePeople();
    const guests = [ada.email, bob.email, cid.email];
    for (const one of [ada, bob]) show(one, guests);
    await read(world, ada, bob);
    later(world, MINUTE_MS);
    show(
      bob,
      [ada.email, bob.email],
      { summary: "Boring", start: "2026-03-05T11:00:00Z" },
      { [bob.email]: "tentative" },
    );
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ title: "Meeting m1", start: "2026-03-05T10:00" }]);
    expect(await responsesOf(world)).toEqual({
      [ada.userId]: "accepted",
      [bob.userId]: "tentative",
      [cid.userId]: "pending",
    });
  });

  it("is replaced as soon as the organizer's calendar is read", async () => {
    const { world, ada, bob, show } = await threePeople();
    const guests = [ada.email, bob.email];
    show(ada, guests);
    later(world, MINUTE_MS);
    show(bob, guests, { summary: "Boring" }, { [bob.email]: "accepted" });
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ title: "Boring" }]);
    await read(world, ada);
    expect(await meetingsOf(world)).toMatchObject([{ title: "Meeting m1" }]);
    expect(await responsesOf(world)).toEqual({ [ada.userId]: "accepted", [bob.userId]: "accepted" });
  });

  it("is everybody's where guests may modify the meeting", async () => {
    const { world, ada, bob, show } = await threePeople();
    const guests = [ada.email, bob.email];
    show(ada, guests, { guestsCanModify: true });
    await read(world, ada);
    show(bob, guests, { guestsCanModify: true, start: "2026-03-05T11:00:00Z" });
    await read(world, bob);
    expect(await meetingsOf(world)).toMatchObject([{ start: "2026-03-05T11:00" }]);
  });

  it("a guest whom the organizer has removed does not come back with a stale entry", async () => {
    const { world, ada, bob, cid, show } = await threePeople();
    show(bob, [ada.email, bob.email, cid.email], {}, { [bob.email]: "accepted" });
    later(world, MINUTE_MS);
    show(ada, [ada.email, cid.email]);
    await read(world, ada, bob);
    expect(Object.keys(await responsesOf(world)).sort()).toEqual([ada.userId, cid.userId].sort());
  });

  it("a guest who removed the meeting has declined, whatever other calendars show", async () => {
    const { world, ada, bob, events, show } = await threePeople();
    const guests = [ada.email, bob.email];
    for (const one of [ada, bob]) show(one, guests);
    await read(world, ada, bob);
    events.remove(bob.grant, "m1");
    await read(world, bob);
    show(ada, guests, { summary: "New title" });
    await read(world, ada);
    expect(await responsesOf(world)).toMatchObject({ [bob.userId]: "declined" });
    expect(await meetingsOf(world)).toMatchObject([{ title: "New title", status: "scheduled" }]);
  });
});

describe("a meeting in several calendars", () => {
  const NAMES = ["ada", "bob", "cid", "dan"] as const;
  const anyCopy = fc.record({
    /** Nobody's calendar is read twice in a history. */
    reader: fc.constantFrom(0, 1, 2),
    title: fc.constantFrom("Plan", "Boring", "Plan B"),
    hour: fc.integer({ min: 9, max: 11 }),
    changed: fc.integer({ min: 0, max: 3 }),
    guests: fc.subarray([0, 1, 2, 3]),
    response: fc.constantFrom("accepted", "declined", "tentative", "needsAction"),
    alias: fc.boolean(),
  });
  const anyMeeting = fc.record({
    /** Index in NAMES; 4 is somebody outside. */
    organizer: fc.constantFrom(0, 4),
    /** Guests who may modify a meeting see its other guests. */
    rights: fc.constantFrom("see", "see nobody", "modify"),
    copies: fc.uniqueArray(anyCopy, { selector: ({ reader }) => reader, minLength: 2, maxLength: 3 }),
  });

  type Copy = typeof anyCopy extends fc.Arbitrary<infer T> ? T : never;
  type Meeting = typeof anyMeeting extends fc.Arbitrary<infer T> ? T : never;

  /** Meetings that are read together: reading a calendar costs the same for one as for all of them. */
  const TOGETHER = 10;
  const anyMeetings = fc.array(anyMeeting, { minLength: TOGETHER, maxLength: TOGETHER });
  const anyOrder = fc.shuffledSubarray([0, 1, 2], { minLength: 3 });

  it("is the same in whatever order they are read, and the organizer's version once that is among them", async () => {
    const { world, events, person, guest } = await meetingWorld();
    const people = [await person("ada"), await person("bob"), await person("cid")] as const;
    await guest("dan");
    await world.drain();
    const start = world.clock.now().toISOString();
    let organized = 0;
    await fc.assert(
      fc.asyncProperty(anyMeetings, anyOrder, fc.boolean(), async (meetings, order, reversed) => {
        // Each reading takes a minute; after some days the meetings would be over.
        world.at(start);
        const seen: Awaited<ReturnType<typeof numberedMeetings>>[] = [];
        for (const readers of [order, reversed ? [...order].reverse() : [...order.slice(1), order[0]!]]) {
          await deleteAll(
            world,
            "meetings",
            "calendar_meetings",
            "calendar_copies",
            "domain_events",
            "outbox",
          );
          await world.query("update calendar_connections set sync_token = null, page_token = null");
          for (const [reader, owner] of people.entries()) {
            events.calendar(owner.grant).clear();
            for (const [n, { copies, ...meeting }] of meetings.entries())
              for (const copy of copies)
                if (copy.reader === reader) events.put(owner.grant, entryOf(n, owner, copy, meeting));
          }
          await readInTurn(
            world,
            readers.map((reader) => people[reader]!),
          );
          seen.push(await numberedMeetings(world));
        }
        expect(seen[0]).toHaveLength(TOGETHER);
        expect(seen[1]).toEqual(seen[0]);
        for (const [n, { organizer, rights, copies }] of meetings.entries()) {
          const own = copies.find(({ reader }) => reader === organizer);
          if (own === undefined || rights === "modify") continue;
          organized += 1;
          expect(seen[0]?.[n]).toMatchObject({
            title: `${n} ${own.title}`,
            hour: String(own.hour).padStart(2, "0"),
            organizer: people[0].userId,
          });
        }
      }),
      { numRuns: size(200, 2_000) / TOGETHER },
    );
    expect(organized).toBeGreaterThan(20);
  });

  /** The meetings by the numbers in their titles, with the responses of their participants. */
  const numberedMeetings = (world: World) =>
    world.query<{ title: string; hour: string; status: string; organizer: string | null; responses: object }>(
      `select m.title, to_char(m.start_time at time zone 'UTC', 'HH24') as hour, m.status, m.organizer_id as organizer,
              (select jsonb_object_agg(p.user_id, p.response) from meeting_participants p where p.meeting_id = m.id) as responses
       from meetings m order by split_part(m.title, ' ', 1)::int`,
    );

  function entryOf(
    n: number,
    owner: Attendee,
    copy: Copy,
    { organizer, rights }: Omit<Meeting, "copies">,
  ): GoogleEvent {
    const isHidden = rights === "see nobody";
    const addressOf = (index: number) => `${NAMES[index] ?? "outside"}@example.org`;
    const isOrganizer = copy.reader === organizer;
    const self = copy.alias && !isOrganizer ? `${NAMES[copy.reader]}@alias.example` : owner.email;
    const others = isHidden && !isOrganizer ? [] : copy.guests.filter((index) => index !== copy.reader);
    const emails = [
      ...new Set([
        isOrganizer ? self : addressOf(organizer),
        self,
        ...others.map(addressOf),
        ...(isOrganizer ? [addressOf(3)] : []),
      ]),
    ];
    return meetingEvent(
      `m${n}`,
      emails.map((email) => ({
        email,
        self: email === self,
        ...(email === self ? { response: copy.response } : {}),
      })),
      {
        summary: `${n} ${copy.title}`,
        start: `2026-03-05T${String(copy.hour).padStart(2, "0")}:00:00Z`,
        updated: `2026-03-02T01:0${copy.changed}:00.000Z`,
        guestsCanModify: rights === "modify",
        ...(isHidden ? { guestsCanSeeOtherGuests: false } : {}),
      },
    ) as GoogleEvent;
  }
});
