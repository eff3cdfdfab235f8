/** Where a user is notified. */
export type Channel = "in_app" | "email";

export type PreferenceStatus = "muted" | "digest" | "immediate";

/** A preference of a user for some notifications. `*` means every type, or every channel. */
export type Preference = {
  readonly scopeType: "global" | "project" | "thread";
  readonly scopeId: string | null;
  readonly eventType: string;
  readonly channel: Channel | "*";
  readonly status: PreferenceStatus;
};

/** The notification that a preference is looked up for. */
export type PreferenceTarget = {
  readonly eventType: string;
  readonly channel: Channel;
  readonly projectId: string | null;
  readonly threadId: string | null;
};

const SCOPE_RANK = { global: 0, project: 1, thread: 2 } as const;

/**
 * The narrowest preference that matches: thread before project before global, then exact type before `*`,
 * then exact channel before `*`.
 *
 * @param preferences unique by scope, type and channel.
 * @returns null when none matches.
 */
export function narrowestPreference(
  preferences: readonly Preference[],
  target: PreferenceTarget,
): Preference | null {
  let best: Preference | null = null;
  for (const preference of preferences)
    if (matches(preference, target) && (best === null || rankOf(preference) > rankOf(best)))
      best = preference;
  return best;
}

/** The setting of the narrowest matching preference; null when none matches. */
export const preferenceFor = (
  preferences: readonly Preference[],
  target: PreferenceTarget,
): PreferenceStatus | null => narrowestPreference(preferences, target)?.status ?? null;

function matches(preference: Preference, target: PreferenceTarget): boolean {
  if (preference.eventType !== "*" && preference.eventType !== target.eventType) return false;
  if (preference.channel !== "*" && preference.channel !== target.channel) return false;
  if (preference.scopeType === "global") return true;
  const id = preference.scopeType === "project" ? target.projectId : target.threadId;
  return id !== null && preference.scopeId === id;
}

const rankOf = (preference: Preference): number =>
  SCOPE_RANK[preference.scopeType] * 4 +
  (preference.eventType === "*" ? 0 : 2) +
  (preference.channel === "*" ? 0 : 1);
