import type { calendar_v3 } from "@googleapis/calendar";
import { isPlainText, isStorableInstant, storable } from "../foreign-text.ts";
import { type Attendee, type CalendarEntry, CalendarUnavailable, type EventsPage } from "./calendar.ts";

const RESPONSES: ReadonlyMap<string, Attendee["response"]> = new Map([
  ["accepted", "accepted"],
  ["declined", "declined"],
  ["tentative", "tentative"],
]);

/** @throws CalendarUnavailable for a page with neither a next page nor a sync token. */
export function readPage(page: calendar_v3.Schema$Events): EventsPage {
  const { nextPageToken = null, nextSyncToken = null, items = [] } = page;
  if (!nextPageToken && !nextSyncToken)
    throw new CalendarUnavailable(
      "the calendar provider sent a page with neither nextPageToken nor nextSyncToken",
    );
  return {
    kind: "page",
    calendarName: page.summary ?? null,
    events: items.flatMap((item) => readEvent(item) ?? []),
    nextPageToken,
    nextSyncToken,
  };
}

/**
 * A meeting is an entry with a time of day and at least two participants. Other entries are private and are
 * not read: solo appointments, all-day entries, absences, focus time. An entry that cannot be stored does not
 * count as a meeting, so that the others of its page are stored.
 */
function readEvent(event: calendar_v3.Schema$Event): CalendarEntry | null {
  const { id, iCalUID } = event;
  if (!id || !isPlainText(id)) return null;
  const start = instantOf(event.start?.dateTime);
  const end = instantOf(event.end?.dateTime);
  const changedAt = instantOf(event.updated);
  const originalStart = originalStartOf(event);
  const isMeeting = (event.eventType ?? "default") === "default" && event.status !== "cancelled";
  const people = (event.attendees ?? []).flatMap((attendee) => readAttendee(attendee) ?? []);
  const isComplete = isMeeting && iCalUID && isPlainText(iCalUID) && originalStart !== null;
  if (!isComplete || !start || !end || !changedAt || !isShared(event, people)) return { kind: "none", id };
  const organizer = addressOf(event.organizer?.email);
  return {
    kind: "meeting",
    id,
    icalUid: iCalUID,
    originalStart,
    title: storable(event.summary?.trim() || "(no title)"),
    start,
    end,
    changedAt,
    organizer: organizer ? { email: organizer, isSelf: event.organizer?.self === true } : null,
    people,
    showsEverybody: showsEverybody(event),
    guestsCanModify: event.guestsCanModify === true,
  };
}

/** Empty for a meeting that does not recur, null for an instant that cannot be stored. */
function originalStartOf({ originalStartTime }: calendar_v3.Schema$Event): string | null {
  const original = originalStartTime?.dateTime ?? originalStartTime?.date;
  return original ? instantOf(original) : "";
}

/** In UTC; null if it is missing or cannot be stored. */
function instantOf(text: string | null | undefined): string | null {
  const at = text ? new Date(text) : null;
  return at !== null && isStorableInstant(at) ? at.toISOString() : null;
}

const addressOf = (email: string | null | undefined): string | null =>
  email && isPlainText(email) ? email.toLowerCase() : null;

/** Null for rooms and other resources, which are invited like people. */
function readAttendee(attendee: calendar_v3.Schema$EventAttendee): Attendee | null {
  const email = addressOf(attendee.email);
  if (email === null || attendee.resource) return null;
  return {
    email,
    isSelf: attendee.self === true,
    response: RESPONSES.get(attendee.responseStatus ?? "") ?? "pending",
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
