export type Response = "pending" | "accepted" | "declined" | "tentative";

/** A meeting as it is stored, or as a calendar shows it. Users by id, with what they said. */
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
  /** Taken up again, or called off. */
  readonly status: boolean;
  readonly invited: readonly string[];
  readonly dropped: readonly string[];
  /** Who said something else than before. */
  readonly answered: readonly string[];
};

/**
 * What a calendar's entry says that is not stored. Nobody is dropped by an entry that shows only some of the participants.
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

/** Whether anything is to be written. */
export const hasChanged = (changes: MeetingChanges): boolean =>
  changes.time ||
  changes.title ||
  changes.status ||
  changes.invited.length + changes.dropped.length + changes.answered.length > 0;

/** Whether those who take part are told: an answer of one of them is no change of the meeting. */
export const isChangeForPeople = (changes: MeetingChanges): boolean =>
  changes.time || changes.title || changes.status || changes.invited.length + changes.dropped.length > 0;
