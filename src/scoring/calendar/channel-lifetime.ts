const HOUR_MS = 3_600_000;

/** How long a channel is asked to live, how much of it has to be left, and when a sign of life is due without it. */
export const CHANNEL_POLICY = {
  /** Seven days are the most that Google gives for a calendar. */
  lifetimeMs: 7 * 24 * HOUR_MS,
  renewBeforeMs: 48 * HOUR_MS,
  renewBeforeShare: 0.25,
} as const;

/**
 * The instant from which a channel is to be replaced: when less than 48 h, or less than a quarter of its lifetime, whichever is
 * longer, is left. A channel that lives no longer than that is due at once, and replaced at each pass.
 */
export function renewalDue(createdAt: Date, expiresAt: Date): Date {
  const lifetimeMs = Math.max(0, expiresAt.getTime() - createdAt.getTime());
  const marginMs = Math.max(CHANNEL_POLICY.renewBeforeMs, lifetimeMs * CHANNEL_POLICY.renewBeforeShare);
  return new Date(Math.max(createdAt.getTime(), expiresAt.getTime() - Math.round(marginMs)));
}
