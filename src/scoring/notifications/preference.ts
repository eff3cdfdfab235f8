/** Over which way a user is told. */
export type Channel = "in_app" | "email";

export type PreferenceStatus = "muted" | "digest" | "immediate";

/** What a user wants for a part of what they could be told. `*` stands for every type, or every channel. */
export type Preference = {
  readonly scopeType: "global" | "project" | "thread";
  readonly scopeId: string | null;
  readonly eventType: string;
  readonly channel: Channel | "*";
  readonly status: PreferenceStatus;
};

/** What a preference has to fit. */
export type Subject = {
  readonly eventType: string;
  readonly channel: Channel;
  readonly projectId: string | null;
  readonly threadId: string | null;
};

const SCOPE_RANK = { global: 0, project: 1, thread: 2 } as const;

/**
 * The narrowest preference that fits: a thread beats a project beats everything; then the exact type beats `*`; then the exact channel
 * beats `*`. Null when none fits. Two that are equally narrow cannot be: they are unique.
 */
export function preferenceFor(preferences: readonly Preference[], subject: Subject): PreferenceStatus | null {
  let best: Preference | null = null;
  for (const preference of preferences)
    if (fits(preference, subject) && (best === null || rankOf(preference) > rankOf(best))) best = preference;
  return best?.status ?? null;
}

function fits(preference: Preference, subject: Subject): boolean {
  if (preference.eventType !== "*" && preference.eventType !== subject.eventType) return false;
  if (preference.channel !== "*" && preference.channel !== subject.channel) return false;
  if (preference.scopeType === "global") return true;
  const id = preference.scopeType === "project" ? subject.projectId : subject.threadId;
  return id !== null && preference.scopeId === id;
}

const rankOf = (preference: Preference): number =>
  SCOPE_RANK[preference.scopeType] * 4 +
  (preference.eventType === "*" ? 0 : 2) +
  (preference.channel === "*" ? 0 : 1);
