import { describe, expect, it } from "vitest";
import { readPage } from "../../src/ports/google-events.ts";
import { type Guest, meetingEvent } from "../support/google-events.ts";

const two: Guest[] = [
  { email: "Ada@Example.org", self: true },
  { email: "bob@example.org", response: "declined" },
];
const seen = (event: object) => readPage({ items: [event], nextSyncToken: "s" }).events;

describe("an entry of Google Calendar", () => {
  it("is a meeting, with its times, attendees and their responses", () => {
    expect(
      seen(
        meetingEvent("m1", two, { updated: "2026-03-01T00:00:00.123Z", start: "2026-03-05T11:00:00+01:00" }),
      ),
    ).toEqual([
      {
        kind: "meeting",
        id: "m1",
        icalUid: "m1@google.com",
        originalStart: "",
        title: "Meeting m1",
        start: "2026-03-05T10:00:00.000Z",
        end: "2026-03-05T10:30:00.000Z",
        changedAt: "2026-03-01T00:00:00.123Z",
        organizer: { email: "ada@example.org", isSelf: true },
        people: [
          { email: "ada@example.org", isSelf: true, response: "accepted" },
          { email: "bob@example.org", isSelf: false, response: "declined" },
        ],
        showsEverybody: true,
        guestsCanModify: false,
      },
    ]);
  });

  it.each([
    ["cancelled", { status: "cancelled" }],
    ["a whole day", { start: { date: "2026-03-05" }, end: { date: "2026-03-06" } }],
    ["an absence", { eventType: "outOfOffice" }],
    ["a time of focus", { eventType: "focusTime" }],
    ["one person's own", { attendees: [] }],
  ])("is not a meeting: %s", (_what, fields) => {
    const event = { ...meetingEvent("m1", two), updated: "2026-03-01T00:00:00Z", ...fields };
    expect(seen(event)).toEqual([{ kind: "none", id: "m1" }]);
  });

  it("without an id is ignored", () => {
    expect(seen({ status: "confirmed" })).toEqual([]);
  });

  it("without a title gets a placeholder", () => {
    const event = { ...meetingEvent("m1", two, { summary: "  " }), updated: "2026-03-01T00:00:00Z" };
    expect(seen(event)).toMatchObject([{ title: "(no title)" }]);
  });

  it.each([
    [{ attendeesOmitted: true }, false],
    [{ guestsCanSeeOtherGuests: false }, true],
    [{ guestsCanSeeOtherGuests: false, organizer: { email: "ada@example.org" } }, false],
  ])("shows everybody with %j: %s", (fields, shows) => {
    const event = { ...meetingEvent("m1", two), updated: "2026-03-01T00:00:00Z", ...fields };
    expect(seen(event)).toMatchObject([{ showsEverybody: shows }]);
  });
});

it("a page without a next page or a sync token is rejected", () => {
  expect(() => readPage({ items: [] })).toThrow(/neither nextPageToken nor nextSyncToken/);
});
