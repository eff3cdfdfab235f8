const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The numbers of calendar sync. */
export const SYNC_POLICY = {
  /** The window of a full sync, around its start. */
  behindMs: DAY_MS,
  aheadMs: 90 * DAY_MS,
  /** Changes are reported for the window of the last full sync, so a new one moves it. */
  fullEveryMs: 7 * DAY_MS,
  /** A full sync that has not ended after this starts over. */
  fullWithinMs: DAY_MS,
  /** A calendar without a sync for this long is polled: every six hours, with a pass every half hour. */
  pollAfterMs: 5.5 * HOUR_MS,
  /** Tolerance for clock differences in `isNews`. */
  newsOverlapMs: 5 * 60_000,
} as const;

/** The sync state of a connection. */
export type SyncState = {
  readonly syncToken: string | null;
  readonly pageToken: string | null;
  readonly fullSyncStartedAt: Date | null;
  readonly fullSyncedAt: Date | null;
};

/**
 * The next request: all entries of a window, or the changes since the token; `pageToken` continues a request.
 */
export type SyncStep =
  | {
      readonly kind: "full";
      readonly startedAt: Date;
      readonly from: Date;
      readonly until: Date;
      readonly pageToken: string | null;
    }
  | { readonly kind: "changes"; readonly syncToken: string; readonly pageToken: string | null };

/**
 * A full sync without a token, while one is in progress, and when the last one is seven days old; else the
 * changes since the token.
 */
export function nextSyncStep(state: SyncState, now: Date): SyncStep {
  const { syncToken, pageToken, fullSyncStartedAt, fullSyncedAt } = state;
  const isOld = fullSyncedAt === null || now.getTime() - fullSyncedAt.getTime() >= SYNC_POLICY.fullEveryMs;
  // A full sync between two pages of changes would lose the rest of the changes.
  const isBetweenPages = fullSyncStartedAt === null && pageToken !== null;
  if (syncToken !== null && fullSyncStartedAt === null && (!isOld || isBetweenPages))
    return { kind: "changes", syncToken, pageToken };
  // A full sync that never ended starts over: its window is old, and its page token has expired.
  const isInProgress =
    fullSyncStartedAt !== null && now.getTime() - fullSyncStartedAt.getTime() < SYNC_POLICY.fullWithinMs;
  const startedAt = isInProgress ? fullSyncStartedAt : now;
  return {
    kind: "full",
    startedAt,
    from: new Date(startedAt.getTime() - SYNC_POLICY.behindMs),
    until: new Date(startedAt.getTime() + SYNC_POLICY.aheadMs),
    pageToken: isInProgress ? pageToken : null,
  };
}

/**
 * Whether a change is worth a notification: made after the last sync. Entries of the first sync are not news.
 */
export const isNews = (changedAt: Date, lastSyncedAt: Date | null): boolean =>
  lastSyncedAt !== null && changedAt.getTime() >= lastSyncedAt.getTime() - SYNC_POLICY.newsOverlapMs;
