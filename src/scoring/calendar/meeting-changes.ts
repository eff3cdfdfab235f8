export type Response = "pending" | "accepted" | "declined" | "tentative";

/** A meeting as stored, or as a calendar entry describes it. Responses by user id. */
export type MeetingFacts = {
  readonly title: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly cancelled: boolean;
  readonly responses: Readonly<Record<string, Response>>;
};

export type MeetingChanges = {
  readonly time: boolean;
  readonly title: boolean;
  /** Cancelled, or no longer cancelled. */
  readonly status: boolean;
  readonly invited: readonly string[];
  readonly dropped: readonly string[];
  /** Users whose response changed. */
  readonly answered: readonly string[];
};

/**
 * changes = the fields in which a calendar entry differs from the stored meeting, and the users that it adds,
 * drops, or lists with another response.
 *
 * @param showsEverybody false when the entry lists only some participants: then it drops nobody.
 */
export function meetingChanges(
  stored: MeetingFacts,
  seen: MeetingFacts,
  showsEverybody: boolean,
): MeetingChanges {
  const before = Object.keys(stored.responses);
  const now = Object.keys(seen.responses);
  return {
    time: stored.startMs !== seen.startMs || stored.endMs !== seen.endMs,
    title: stored.title !== seen.title,
    status: stored.cancelled !== seen.cancelled,
    invited: now.filter((user) => !Object.hasOwn(stored.responses, user)),
    dropped: showsEverybody ? before.filter((user) => !Object.hasOwn(seen.responses, user)) : [],
    answered: now.filter(
      (user) => Object.hasOwn(stored.responses, user) && stored.responses[user] !== seen.responses[user],
    ),
  };
}

/** Whether the stored meeting has to be updated. */
export const hasChanged = (changes: MeetingChanges): boolean =>
  changes.time ||
  changes.title ||
  changes.status ||
  changes.invited.length + changes.dropped.length + changes.answered.length > 0;

/** Whether participants are notified: another response of one of them is not a change of the meeting. */
export const isChangeForPeople = (changes: MeetingChanges): boolean =>
  changes.time || changes.title || changes.status || changes.invited.length + changes.dropped.length > 0;
