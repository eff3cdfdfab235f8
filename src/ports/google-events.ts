import type { calendar_v3 } from "@googleapis/calendar";
import { CalendarUnavailable, type EventsPage, type SeenEvent, type SeenPerson } from "./calendar.ts";

const RESPONSES: Record<string, SeenPerson["response"]> = {
  accepted: "accepted",
  declined: "declined",
  tentative: "tentative",
};

/** @throws CalendarUnavailable when the page tells neither that there is more nor where to go on. */
export function pageIn(page: calendar_v3.Schema$Events): EventsPage {
  const { nextPageToken = null, nextSyncToken = null, items = [] } = page;
  if (!nextPageToken && !nextSyncToken)
    throw new CalendarUnavailable("the calendar provider sent a page that leads nowhere");
  return { kind: "page", events: items.flatMap((item) => eventIn(item) ?? []), nextPageToken, nextSyncToken };
}

/**
 * A meeting is an entry with a time of day in which at least two people take part. Everything else a calendar holds is its
 * owner's own affair, and is not read any further: appointments of one's own, whole days, absences, times of focus.
 */
function eventIn(event: calendar_v3.Schema$Event): SeenEvent | null {
  const { id, iCalUID, updated } = event;
  if (!id) return null;
  const start = event.start?.dateTime;
  const end = event.end?.dateTime;
  const isMeeting = (event.eventType ?? "default") === "default" && event.status !== "cancelled";
  const people = (event.attendees ?? []).flatMap((attendee) => personIn(attendee) ?? []);
  if (!isMeeting || !start || !end || !iCalUID || !updated || !isShared(event, people))
    return { kind: "none", id };
  const original = event.originalStartTime?.dateTime ?? event.originalStartTime?.date;
  return {
    kind: "meeting",
    id,
    icalUid: iCalUID,
    originalStart: original ? new Date(original).toISOString() : "",
    title: event.summary?.trim() || "(no title)",
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    changedAt: new Date(updated).toISOString(),
    organizer: event.organizer?.email
      ? { email: event.organizer.email.toLowerCase(), isSelf: event.organizer.self === true }
      : null,
    people,
    showsEverybody: showsEverybody(event),
  };
}

/** Rooms and other resources are invited as well, but they do not take part. */
function personIn(attendee: calendar_v3.Schema$EventAttendee): SeenPerson | null {
  if (!attendee.email || attendee.resource) return null;
  return {
    email: attendee.email.toLowerCase(),
    isSelf: attendee.self === true,
    response: RESPONSES[attendee.responseStatus ?? ""] ?? "pending",
  };
}

function isShared({ organizer }: calendar_v3.Schema$Event, people: readonly SeenPerson[]): boolean {
  const addresses = new Set(people.map(({ email }) => email));
  if (organizer?.email) addresses.add(organizer.email.toLowerCase());
  return addresses.size >= 2;
}

const showsEverybody = (event: calendar_v3.Schema$Event): boolean =>
  event.attendeesOmitted !== true &&
  (event.guestsCanSeeOtherGuests !== false || event.organizer?.self === true);
