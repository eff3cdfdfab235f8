import { isNews } from "../scoring/calendar/calendar-sync.ts";
import {
  hasChanged,
  isChangeForPeople,
  type MeetingChanges,
  type MeetingFacts,
  meetingChanges,
  type Response,
} from "../scoring/calendar/meeting-changes.ts";
import { type MeetingVersion, replaces } from "../scoring/calendar/meeting-version.ts";
import {
  guestKey,
  type MeetingCopy,
  type MeetingEntry,
  type StoredMeeting,
  sourceOf,
} from "./stored-meetings.ts";

/** The changes to make for one meeting of a calendar. */
export type MeetingPlan = {
  readonly entry: MeetingEntry;
  /** Null for a new meeting. */
  readonly stored: StoredMeeting | null;
  /** Null: not a user. */
  readonly organizerId: string | null;
  readonly facts: MeetingFacts;
  /** The version to store. Null: only the response of the owner counts. */
  readonly version: MeetingVersion | null;
  /** Null when there is nothing to write. */
  readonly changes: MeetingChanges | null;
  /** The users to notify of their invitation. */
  readonly invitedToNotify: readonly string[];
  /** Whether to notify the participants of a change. */
  readonly notifyOfChange: boolean;
};

export type PlanContext = {
  readonly connectionId: string;
  /** The owner of the calendar. */
  readonly ownerId: string;
  readonly userByEmail: ReadonlyMap<string, string>;
  readonly stored: ReadonlyMap<string, StoredMeeting>;
  readonly lastSyncedAt: Date | null;
  readonly now: Date;
};

export const planMeetings = (entries: readonly MeetingEntry[], context: PlanContext): MeetingPlan[] =>
  entries.map((entry) => planMeeting(entry, context));

/**
 * Several calendars hold entries for one meeting. The one whose version counts (`replaces`) gives its time,
 * title and guests; each calendar gives the response of its owner.
 */
function planMeeting(entry: MeetingEntry, context: PlanContext): MeetingPlan {
  const stored = context.stored.get(sourceOf(entry)) ?? null;
  const version: MeetingVersion = {
    sourceId: context.connectionId,
    fromOrganizer: entry.organizer?.isSelf === true && !entry.guestsCanModify,
    changedAt: new Date(entry.changedAt),
  };
  if (stored !== null && !replaces(version, stored.version)) return planResponse(entry, stored, context);
  const organizerId = entry.organizer && userOf(entry.organizer, stored?.copies ?? [], context);
  const facts = factsOf(entry, organizerId, stored?.copies ?? [], context);
  const changes = meetingChanges(stored?.facts ?? { ...facts, responses: {} }, facts, entry.showsEverybody);
  const writes = stored === null || hasChanged(changes) || stored.organizerId !== organizerId;
  const notifies =
    writes && facts.startMs > context.now.getTime() && isNews(version.changedAt, context.lastSyncedAt);
  return {
    entry,
    stored,
    organizerId,
    facts,
    version,
    changes: writes ? changes : null,
    invitedToNotify: notifies
      ? changes.invited.filter((user) => user !== organizerId && facts.responses[user] !== "declined")
      : [],
    notifyOfChange: notifies && stored !== null && isChangeForPeople(changes),
  };
}

/** Of a version that does not count, only the owner's response does, if they are invited. */
function planResponse(entry: MeetingEntry, stored: StoredMeeting, { ownerId }: PlanContext): MeetingPlan {
  const self = entry.people.find(({ isSelf }) => isSelf);
  const isInvited =
    self !== undefined &&
    !stored.facts.cancelled &&
    (!stored.showsEverybody || stored.guests.includes(guestKey(self.email)));
  const responses = isInvited
    ? { ...stored.facts.responses, [ownerId]: self.response }
    : stored.facts.responses;
  const facts = { ...stored.facts, responses };
  const changes = meetingChanges(stored.facts, facts, false);
  return {
    entry,
    stored,
    organizerId: stored.organizerId,
    facts,
    version: null,
    changes: hasChanged(changes) ? changes : null,
    invitedToNotify: [],
    notifyOfChange: false,
  };
}

function factsOf(
  entry: MeetingEntry,
  organizer: string | null,
  copies: readonly MeetingCopy[],
  context: PlanContext,
): MeetingFacts {
  const responses: Record<string, Response> = organizer === null ? {} : { [organizer]: "accepted" };
  // If the list omits guests, those whose calendars are read are known anyway.
  if (!entry.showsEverybody)
    for (const { userId, response } of copies) if (response !== null) responses[userId] = response;
  for (const attendee of entry.people) {
    const user = userOf(attendee, copies, context);
    if (user === null) continue;
    const key = guestKey(attendee.email);
    const own = attendee.isSelf ? undefined : copies.find(({ selfKey }) => selfKey === key);
    responses[user] = own?.response ?? attendee.response;
  }
  return {
    title: entry.title,
    startMs: Date.parse(entry.start),
    endMs: Date.parse(entry.end),
    cancelled: false,
    responses,
  };
}

/** The calendar's owner under any address, the owner of a calendar that shows the address, or its user. */
function userOf(
  { email, isSelf }: { email: string; isSelf: boolean },
  copies: readonly MeetingCopy[],
  { ownerId, userByEmail }: PlanContext,
): string | null {
  if (isSelf) return ownerId;
  const key = guestKey(email);
  return copies.find(({ selfKey }) => selfKey === key)?.userId ?? userByEmail.get(email) ?? null;
}
