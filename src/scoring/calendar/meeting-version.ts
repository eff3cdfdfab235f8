/** A version of a meeting, as the calendar of one participant shows it. */
export type MeetingVersion = {
  /** The connection of the calendar. Null: no calendar, as after a cancellation. */
  readonly sourceId: string | null;
  /** From the organizer's calendar, unless guests may change the meeting. */
  readonly fromOrganizer: boolean;
  /** The last change at the provider. */
  readonly changedAt: Date;
};

/**
 * Whether a version replaces the stored one, which may be the same: the organizer's replaces those of guests,
 * whose changes are private. Otherwise the later change wins, then the lower connection id. So the result
 * does not depend on the order in which calendars are read.
 */
export function replaces(seen: MeetingVersion, stored: MeetingVersion): boolean {
  if (seen.sourceId !== stored.sourceId && seen.fromOrganizer !== stored.fromOrganizer)
    return seen.fromOrganizer;
  const later = seen.changedAt.getTime() - stored.changedAt.getTime();
  if (later !== 0 || stored.sourceId === null || seen.sourceId === null) return later > 0;
  return BigInt(seen.sourceId) <= BigInt(stored.sourceId);
}
