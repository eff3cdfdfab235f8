import type { calendar_v3 } from "@googleapis/calendar";
import { type Attendee, type CalendarEntry, CalendarUnavailable, type EventsPage } from "./calendar.ts";

const RESPONSES: Record<string, Attendee["response"]> = {
  accepted: "accepted",
  declined: "declined",
  tentative: "tentative",
};

/** @throws CalendarUnavailable for a page with neither a next page nor a sync token. */
export function readPage(page: calendar_v3.Schema$Events): EventsPage {
  const { nextPageToken = null, nextSyncToken = null, items = [] } = page;
  if (!nextPageToken && !nextSyncToken)
    throw new CalendarUnavailable(
      "the calendar provider sent a page with neither nextPageToken nor nextSyncToken",
    );
  return {
    kind: "page",
    events: items.flatMap((item) => readEvent(item) ?? []),
    nextPageToken,
    nextSyncToken,
  };
}

/**
 * A meeting is an entry with a time of day and at least two participants. Nothing is read of other entries,
 * which are private: solo appointments, all-day entries, absences, focus time.
 */
function readEvent(event: calendar_v3.Schema$Event): CalendarEntry | null {
  const { id, iCalUID, updated } = event;
  if (!id) return null;
  const start = event.start?.dateTime;
  const end = event.end?.dateTime;
  const isMeeting = (event.eventType ?? "default") === "default" && event.status !== "cancelled";
  const people = (event.attendees ?? []).flatMap((attendee) => readAttendee(attendee) ?? []);
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

/** Null for rooms and other resources, which are invited like people. */
function readAttendee(attendee: calendar_v3.Schema$EventAttendee): Attendee | null {
  if (!attendee.email || attendee.resource) return null;
  return {
    email: attendee.email.toLowerCase(),
    isSelf: attendee.self === true,
    response: RESPONSES[attendee.responseStatus ?? ""] ?? "pending",
  };
}

function isShared({ organizer }: calendar_v3.Schema$Event, people: readonly Attendee[]): boolean {
  const addresses = new Set(people.map(({ email }) => email));
  if (organizer?.email) addresses.add(organizer.email.toLowerCase());
  return addresses.size >= 2;
}

const showsEverybody = (event: calendar_v3.Schema$Event): boolean =>
  event.attendeesOmitted !== true &&
  (event.guestsCanSeeOtherGuests !== false || event.organizer?.self === true);
