/** How the calendars of Google are reached, and what seals the tokens of their users. */
export type GoogleCalendarConfig = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the provider posts that a calendar has changed: the webhook of this deployment, as seen from outside. */
  readonly webhookUrl: string;
  readonly apiUrl: string;
  readonly tokenUrl: string;
  /** What seals the tokens of users, the newest first. */
  readonly encryptionKeys: readonly Buffer[];
};

type Variables = {
  readonly TOKEN_ENCRYPTION_KEY: readonly Buffer[];
  readonly GOOGLE_CLIENT_ID?: string | undefined;
  readonly GOOGLE_CLIENT_SECRET?: string | undefined;
  readonly GOOGLE_CALENDAR_WEBHOOK_URL?: string | undefined;
  readonly GOOGLE_API_URL?: string | undefined;
  readonly GOOGLE_TOKEN_URL?: string | undefined;
};

/** Half a configuration would be found out by users, one by one. */
export function faultsOfGoogle(v: Variables): string[] {
  if (v.GOOGLE_CLIENT_ID === undefined) return [];
  const missing = [
    ["GOOGLE_CLIENT_SECRET", v.GOOGLE_CLIENT_SECRET === undefined],
    ["GOOGLE_CALENDAR_WEBHOOK_URL", v.GOOGLE_CALENDAR_WEBHOOK_URL === undefined],
    ["TOKEN_ENCRYPTION_KEY", v.TOKEN_ENCRYPTION_KEY.length === 0],
  ] as const;
  return missing.flatMap(([name, isMissing]) =>
    isMissing ? [`${name} is not set, while GOOGLE_CLIENT_ID is`] : [],
  );
}

/** Null without a client: there are no calendars then. */
export function googleFrom(v: Variables): GoogleCalendarConfig | null {
  if (v.GOOGLE_CLIENT_ID === undefined) return null;
  return {
    clientId: v.GOOGLE_CLIENT_ID,
    clientSecret: v.GOOGLE_CLIENT_SECRET ?? "",
    webhookUrl: v.GOOGLE_CALENDAR_WEBHOOK_URL ?? "",
    apiUrl: v.GOOGLE_API_URL ?? "https://www.googleapis.com/",
    tokenUrl: v.GOOGLE_TOKEN_URL ?? "https://oauth2.googleapis.com/token",
    encryptionKeys: v.TOKEN_ENCRYPTION_KEY,
  };
}
