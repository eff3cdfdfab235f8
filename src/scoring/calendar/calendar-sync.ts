const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const SYNC_POLICY = {
  /** What is read of a calendar, from when everything is read: a little of the past, a season ahead. */
  behindMs: DAY_MS,
  aheadMs: 90 * DAY_MS,
  /** The window does not move by itself: so often everything is read again. */
  fullEveryMs: 7 * DAY_MS,
  fullWithinMs: DAY_MS,
  /** A calendar that was not read for so long is read without having been asked to: with a pass each half hour, every six hours. */
  pollAfterMs: 5.5 * HOUR_MS,
  /** Clocks differ: a change counts as news when it was made so shortly before the last sync. */
  newsOverlapMs: 5 * 60_000,
} as const;

/** What a connection knows of its syncs. */
export type SyncState = {
  readonly syncToken: string | null;
  readonly pageToken: string | null;
  readonly fullSyncStartedAt: Date | null;
  readonly fullSyncedAt: Date | null;
};

/** What to ask for next: everything in a window, or what has changed since the token. Pages follow each other. */
export type SyncStep =
  | {
      readonly kind: "full";
      readonly startedAt: Date;
      readonly from: Date;
      readonly until: Date;
      readonly pageToken: string | null;
    }
  | { readonly kind: "changes"; readonly syncToken: string; readonly pageToken: string | null };

/** Everything, when there is no token, when it is being read already, or when it was last read seven days ago. */
export function nextSyncStep(state: SyncState, now: Date): SyncStep {
  const { syncToken, pageToken, fullSyncStartedAt, fullSyncedAt } = state;
  const isOld = fullSyncedAt === null || now.getTime() - fullSyncedAt.getTime() >= SYNC_POLICY.fullEveryMs;
  // Between two pages of changes a reading of everything would lose the place.
  const isBetweenPages = fullSyncStartedAt === null && pageToken !== null;
  if (syncToken !== null && fullSyncStartedAt === null && (!isOld || isBetweenPages))
    return { kind: "changes", syncToken, pageToken };
  // One that was begun long ago and never ended begins again: its window lies behind, and its pages are gone.
  const isUnderWay =
    fullSyncStartedAt !== null && now.getTime() - fullSyncStartedAt.getTime() < SYNC_POLICY.fullWithinMs;
  const startedAt = isUnderWay ? fullSyncStartedAt : now;
  return {
    kind: "full",
    startedAt,
    from: new Date(startedAt.getTime() - SYNC_POLICY.behindMs),
    until: new Date(startedAt.getTime() + SYNC_POLICY.aheadMs),
    pageToken: isUnderWay ? pageToken : null,
  };
}

/** Whether people are told of a change: what was there before their calendar was read for the first time is no news to them. */
export const isNews = (changedAt: Date, lastSyncedAt: Date | null): boolean =>
  lastSyncedAt !== null && changedAt.getTime() >= lastSyncedAt.getTime() - SYNC_POLICY.newsOverlapMs;
