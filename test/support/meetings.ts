import { type Connected, calendarWorld } from "./calendars.ts";
import { type GoogleEvent, type Guest, googleEvents, meetingEvent } from "./google-events.ts";
import type { World, WorldOptions } from "./world.ts";

export type Attendee = Connected & { email: string };

/** A world with calendars that have entries. */
export async function meetingWorld(options: WorldOptions = {}) {
  const { world, google, connect } = await calendarWorld(options);
  const events = googleEvents(google);
  /** A user with an address and a calendar. */
  const person = async (name: string): Promise<Attendee> => {
    const email = `${name}@example.org`;
    const connected = await connect(`grant-of-${name}`);
    await world.query("update users set email = $2 where id = $1", [connected.userId, email]);
    return { ...connected, email };
  };
  /** A user with an address and no calendar. */
  const guest = async (name: string): Promise<{ userId: string; email: string }> => {
    const email = `${name}@example.org`;
    const [user] = await world.query<{ id: string }>("insert into users (email) values ($1) returning id", [
      email,
    ]);
    return { userId: user!.id, email };
  };
  /** Writes a meeting into the calendars of those guests who have one, each marked as `self` in their own. */
  const meet = (
    id: string,
    guests: readonly (Guest & Partial<Connected>)[],
    fields: Parameters<typeof meetingEvent>[2] = {},
  ): void => {
    for (const { grant } of guests) {
      if (grant === undefined) continue;
      const seen = guests.map(({ email, response, grant: theirs }) => ({
        email,
        ...(response ? { response } : {}),
        self: theirs === grant,
      }));
      events.put(grant, meetingEvent(id, seen, fields) as GoogleEvent);
    }
  };
  return { world, google, events, person, guest, meet };
}

export type MeetingRow = { id: string; title: string; start: string; status: string; organizer: string };

export const meetingsOf = (world: World): Promise<MeetingRow[]> =>
  world.query<MeetingRow>(
    `select id, title, to_char(start_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as start, status, organizer_id as organizer
     from meetings order by start_time, id`,
  );

/** The participants of the only meeting, or of the one with that title, with their responses. */
export async function responsesOf(world: World, title = "%"): Promise<Record<string, string>> {
  const found = await world.query<{ user: string; response: string }>(
    `select p.user_id as user, p.response from meeting_participants p join meetings m on m.id = p.meeting_id
     where m.title like $1 order by 1`,
    [title],
  );
  return Object.fromEntries(found.map(({ user, response }) => [user, response]));
}

export type MeetingEvent = { type: string; actor: string | null; payload: Record<string, unknown> };

/** The events of meetings, in order. */
export const meetingEventsOf = (world: World): Promise<MeetingEvent[]> =>
  world.query<MeetingEvent>(
    `select event_type as type, actor_id as actor, payload from domain_events
     where event_type in ('meeting_invited', 'meeting_updated') and meeting_id is not null order by id`,
  );
