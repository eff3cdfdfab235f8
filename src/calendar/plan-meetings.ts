import { isNews } from "../scoring/calendar/calendar-sync.ts";
import {
  hasChanged,
  isChangeForPeople,
  type MeetingChanges,
  type MeetingFacts,
  meetingChanges,
  type Response,
} from "../scoring/calendar/meeting-changes.ts";
import { type SeenMeeting, type StoredMeeting, sourceOf } from "./stored-meetings.ts";

/** What is to be done about one meeting that was seen. */
export type Plan = {
  readonly seen: SeenMeeting;
  /** Null: it is not stored yet. */
  readonly stored: StoredMeeting | null;
  readonly organizerId: string;
  readonly facts: MeetingFacts;
  /** Null: nothing is to be written. */
  readonly changes: MeetingChanges | null;
  /** Whom to tell that they were invited. */
  readonly tellInvited: readonly string[];
  /** Whether those who take part are told of a change. */
  readonly tellChanged: boolean;
};

export type Planning = {
  /** Whose calendar it is. */
  readonly ownerId: string;
  readonly userByEmail: ReadonlyMap<string, string>;
  readonly stored: ReadonlyMap<string, StoredMeeting>;
  readonly lastSyncedAt: Date | null;
  readonly now: Date;
};

export const planMeetings = (seen: readonly SeenMeeting[], planning: Planning): Plan[] =>
  seen.map((meeting) => planMeeting(meeting, planning));

/** Entries of several calendars show one meeting: what is older than what is stored says nothing new. */
function planMeeting(seen: SeenMeeting, planning: Planning): Plan {
  const stored = planning.stored.get(sourceOf(seen)) ?? null;
  const organizer = seen.organizer && userOf(seen.organizer, planning);
  const organizerId = organizer ?? stored?.organizerId ?? planning.ownerId;
  const facts = factsOf(seen, organizer, planning);
  const changedAt = new Date(seen.changedAt);
  const before = stored?.facts ?? { ...facts, responses: {} };
  const changes = meetingChanges(before, facts, seen.showsEverybody);
  const isOld = stored !== null && changedAt < stored.changedAt;
  const writes = !isOld && (stored === null || hasChanged(changes));
  const tells = writes && facts.startMs > planning.now.getTime() && isNews(changedAt, planning.lastSyncedAt);
  return {
    seen,
    stored,
    organizerId,
    facts,
    changes: writes ? changes : null,
    tellInvited: tells
      ? changes.invited.filter((user) => user !== organizerId && facts.responses[user] !== "declined")
      : [],
    tellChanged: tells && stored !== null && isChangeForPeople(changes),
  };
}

function factsOf(seen: SeenMeeting, organizer: string | null, planning: Planning): MeetingFacts {
  const responses: Record<string, Response> = organizer === null ? {} : { [organizer]: "accepted" };
  for (const person of seen.people) {
    const user = userOf(person, planning);
    if (user !== null) responses[user] = person.response;
  }
  return {
    title: seen.title,
    startMs: Date.parse(seen.start),
    endMs: Date.parse(seen.end),
    cancelled: false,
    responses,
  };
}

/** The owner of the calendar, whatever address they use there; else whoever has the address. */
const userOf = (
  { email, isSelf }: { email: string; isSelf: boolean },
  { ownerId, userByEmail }: Planning,
): string | null => (isSelf ? ownerId : (userByEmail.get(email) ?? null));
