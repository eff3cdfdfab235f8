import type { ServerResponse } from "node:http";
import type { FakeGoogle } from "./google.ts";
import { answer, refuse } from "./google-faults.ts";

/** An entry as Google's API returns it. */
export type GoogleEvent = { id: string; status: string } & Record<string, unknown>;

type Kept = { event: GoogleEvent; revision: number };

/** The entries of a fake Google. Each grant has one calendar. */
export function googleEvents(google: FakeGoogle) {
  const calendars = new Map<string, Map<string, Kept>>();
  const events = {
    revision: 0,
    /** Sync tokens of an earlier generation have expired. */
    generation: 1,
    pageSize: 250,
    requests: [] as URLSearchParams[],
    /** The name of the calendar of a grant, by default its own. */
    names: new Map<string, string>(),
    calendar(grant: string): Map<string, Kept> {
      const known = calendars.get(grant) ?? new Map<string, Kept>();
      calendars.set(grant, known);
      return known;
    },
    /** Writes an entry, as a user or Google would. */
    put(grant: string, event: GoogleEvent): void {
      events.revision += 1;
      const updated = google.now().toISOString();
      events.calendar(grant).set(event.id, { event: { updated, ...event }, revision: events.revision });
    },
    /** Removes an entry; the API then returns only its id. */
    remove(grant: string, id: string): void {
      events.revision += 1;
      events.calendar(grant).set(id, { event: { id, status: "cancelled" }, revision: events.revision });
    },
    forgetSyncTokens(): void {
      events.generation += 1;
    },
  };
  google.list = (grant, url, response) => list(events, grant, url.searchParams, response);
  return events;
}

export type GoogleEvents = ReturnType<typeof googleEvents>;

function list(events: GoogleEvents, grant: string, query: URLSearchParams, response: ServerResponse) {
  events.requests.push(query);
  const { revision, generation } = events;
  const syncToken = query.get("syncToken");
  const [offset = 0, until = revision] = (query.get("pageToken") ?? "").match(/\d+/g)?.map(Number) ?? [];
  if (query.get("singleEvents") !== "true") return refuse(response, 400, "badRequest");
  if (syncToken && (query.has("timeMin") || query.has("timeMax"))) return refuse(response, 400, "badRequest");
  const [madeIn = generation, since = 0] = (syncToken ?? "").match(/\d+/g)?.map(Number) ?? [];
  if (madeIn !== generation) return refuse(response, 410, "fullSyncRequired");
  const kept = [...events.calendar(grant).values()]
    .filter((entry) => (syncToken ? entry.revision > since : isIn(entry.event, query)))
    .sort((a, b) => a.revision - b.revision);
  const size = Math.min(Number(query.get("maxResults") ?? 250), events.pageSize);
  const page = kept.slice(offset, offset + size);
  const isLast = offset + size >= kept.length;
  answer(response, 200, {
    kind: "calendar#events",
    summary: events.names.get(grant) ?? `${grant}@calendar.test`,
    items: page.map(({ event }) => event),
    ...(isLast
      ? { nextSyncToken: `sync-${generation}-${until}` }
      : { nextPageToken: `page-${offset + size}-${until}` }),
  });
}

function isIn(event: GoogleEvent, query: URLSearchParams): boolean {
  if (event.status === "cancelled") return false;
  const at = (field: string): number => {
    const { dateTime, date } = (event[field] ?? {}) as { dateTime?: string; date?: string };
    return Date.parse(dateTime ?? date ?? "");
  };
  return (
    at("end") > Date.parse(query.get("timeMin") ?? "") && at("start") < Date.parse(query.get("timeMax") ?? "")
  );
}

export type Guest = { email: string; response?: string; self?: boolean };

/** The entry of a meeting in the calendar of one of its guests. The first guest is the organizer. */
export function meetingEvent(
  id: string,
  guests: readonly Guest[],
  fields: { start?: string; minutes?: number; summary?: string } & Record<string, unknown> = {},
): GoogleEvent {
  const { start = "2026-03-05T10:00:00Z", minutes = 30, summary = `Meeting ${id}`, ...rest } = fields;
  const [organizer] = guests;
  return {
    id,
    iCalUID: `${id}@google.com`,
    status: "confirmed",
    eventType: "default",
    summary,
    start: { dateTime: start, timeZone: "Europe/Berlin" },
    end: { dateTime: new Date(Date.parse(start) + minutes * 60_000).toISOString() },
    organizer: { email: organizer?.email, ...(organizer?.self ? { self: true } : {}) },
    attendees: guests.map(({ email, response, self }, index) => ({
      email,
      responseStatus: response ?? (index === 0 ? "accepted" : "needsAction"),
      ...(index === 0 ? { organizer: true } : {}),
      ...(self ? { self: true } : {}),
    })),
    ...rest,
  };
}
