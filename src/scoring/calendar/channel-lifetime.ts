const HOUR_MS = 3_600_000;

/** Lifetime of a watch channel, and how long before its end it is renewed. */
export const CHANNEL_POLICY = {
  /** Requested; Google grants at most seven days for a calendar. */
  lifetimeMs: 7 * 24 * HOUR_MS,
  renewBeforeMs: 48 * HOUR_MS,
  renewBeforeShare: 0.25,
} as const;

/**
 * due = expiry - max(48 h, lifetime / 4), but not before the creation: a channel that lives no longer than 48
 * h is renewed at every pass.
 */
export function renewalDue(createdAt: Date, expiresAt: Date): Date {
  const lifetimeMs = Math.max(0, expiresAt.getTime() - createdAt.getTime());
  const marginMs = Math.max(CHANNEL_POLICY.renewBeforeMs, lifetimeMs * CHANNEL_POLICY.renewBeforeShare);
  return new Date(Math.max(createdAt.getTime(), expiresAt.getTime() - Math.round(marginMs)));
}
