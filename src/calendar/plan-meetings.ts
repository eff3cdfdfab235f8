import { isNews } from "../scoring/calendar/calendar-sync.ts";
import {
  hasChanged,
  isChangeForPeople,
  type MeetingChanges,
  type MeetingFacts,
  meetingChanges,
  type Response,
} from "../scoring/calendar/meeting-changes.ts";
import { type MeetingEntry, type StoredMeeting, sourceOf } from "./stored-meetings.ts";

/** What to do about one meeting of a calendar. */
export type MeetingPlan = {
  readonly entry: MeetingEntry;
  /** Null for a new meeting. */
  readonly stored: StoredMeeting | null;
  readonly organizerId: string;
  readonly facts: MeetingFacts;
  /** Null when there is nothing to write. */
  readonly changes: MeetingChanges | null;
  /** The users to notify of their invitation. */
  readonly invitedToNotify: readonly string[];
  /** Whether to notify the participants of a change. */
  readonly notifyOfChange: boolean;
};

export type PlanContext = {
  /** The owner of the calendar. */
  readonly ownerId: string;
  readonly userByEmail: ReadonlyMap<string, string>;
  readonly stored: ReadonlyMap<string, StoredMeeting>;
  readonly lastSyncedAt: Date | null;
  readonly now: Date;
};

export const planMeetings = (entries: readonly MeetingEntry[], context: PlanContext): MeetingPlan[] =>
  entries.map((entry) => planMeeting(entry, context));

/** Several calendars hold entries for one meeting. An entry older than what is stored is ignored. */
function planMeeting(entry: MeetingEntry, context: PlanContext): MeetingPlan {
  const stored = context.stored.get(sourceOf(entry)) ?? null;
  const organizer = entry.organizer && userOf(entry.organizer, context);
  const organizerId = organizer ?? stored?.organizerId ?? context.ownerId;
  const facts = factsOf(entry, organizer, context);
  const changedAt = new Date(entry.changedAt);
  const before = stored?.facts ?? { ...facts, responses: {} };
  const changes = meetingChanges(before, facts, entry.showsEverybody);
  const isOld = stored !== null && changedAt < stored.changedAt;
  const writes = !isOld && (stored === null || hasChanged(changes));
  const notifies = writes && facts.startMs > context.now.getTime() && isNews(changedAt, context.lastSyncedAt);
  return {
    entry,
    stored,
    organizerId,
    facts,
    changes: writes ? changes : null,
    invitedToNotify: notifies
      ? changes.invited.filter((user) => user !== organizerId && facts.responses[user] !== "declined")
      : [],
    notifyOfChange: notifies && stored !== null && isChangeForPeople(changes),
  };
}

function factsOf(entry: MeetingEntry, organizer: string | null, context: PlanContext): MeetingFacts {
  const responses: Record<string, Response> = organizer === null ? {} : { [organizer]: "accepted" };
  for (const attendee of entry.people) {
    const user = userOf(attendee, context);
    if (user !== null) responses[user] = attendee.response;
  }
  return {
    title: entry.title,
    startMs: Date.parse(entry.start),
    endMs: Date.parse(entry.end),
    cancelled: false,
    responses,
  };
}

/** The calendar's owner under any address, otherwise the user with the address. */
const userOf = (
  { email, isSelf }: { email: string; isSelf: boolean },
  { ownerId, userByEmail }: PlanContext,
): string | null => (isSelf ? ownerId : (userByEmail.get(email) ?? null));
