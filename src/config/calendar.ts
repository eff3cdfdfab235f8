import { defineArea } from "./area.ts";
import { optional, url, webUrl } from "./fields.ts";
import { encryptionKeys } from "./secret-fields.ts";

/** How Google calendars are reached, and the keys that encrypt their users' tokens. */
export type GoogleCalendarConfig = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the provider reports changes: the webhook of this deployment, as seen from outside. */
  readonly webhookUrl: string;
  readonly apiUrl: string;
  readonly tokenUrl: string;
  /** Newest first: the first encrypts, all of them decrypt. */
  readonly encryptionKeys: readonly Buffer[];
};

export const calendar = defineArea({
  title: "Calendars",
  variables: {
    TOKEN_ENCRYPTION_KEY: encryptionKeys.describe(
      "Encrypts users' tokens at rest (AES-256-GCM): 32 bytes in hex or base64. While rotating it, two keys separated by a comma: the first encrypts, both decrypt.",
    ),
    GOOGLE_CLIENT_ID: optional.describe(
      "OAuth client for Google Calendar. Without it the calendar jobs are skipped. With it, `GOOGLE_CLIENT_SECRET`, `GOOGLE_CALENDAR_WEBHOOK_URL` and `TOKEN_ENCRYPTION_KEY` are required.",
    ),
    GOOGLE_CLIENT_SECRET: optional.describe("Secret of that client."),
    GOOGLE_CALENDAR_WEBHOOK_URL: url("http", "https").describe(
      "Public URL of this deployment's `/webhooks/google_calendar`, `https://...`.",
    ),
    GOOGLE_API_URL: webUrl("https://www.googleapis.com/").describe("Base URL of the API."),
    GOOGLE_TOKEN_URL: webUrl("https://oauth2.googleapis.com/token").describe("Where tokens are refreshed."),
  },
  read: (v) => {
    const googleCalendar: GoogleCalendarConfig | null =
      v.GOOGLE_CLIENT_ID === undefined
        ? null
        : {
            clientId: v.GOOGLE_CLIENT_ID,
            clientSecret: v.GOOGLE_CLIENT_SECRET ?? "",
            webhookUrl: v.GOOGLE_CALENDAR_WEBHOOK_URL ?? "",
            apiUrl: v.GOOGLE_API_URL,
            tokenUrl: v.GOOGLE_TOKEN_URL,
            encryptionKeys: v.TOKEN_ENCRYPTION_KEY,
          };
    return { googleCalendar, calendars: { configured: googleCalendar !== null } };
  },
  /** A client that is only half configured would fail for one user after another, so it fails here. */
  faults: ({ GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, GOOGLE_CALENDAR_WEBHOOK_URL, TOKEN_ENCRYPTION_KEY }) =>
    GOOGLE_CLIENT_ID === undefined
      ? []
      : Object.entries({ GOOGLE_CLIENT_SECRET, GOOGLE_CALENDAR_WEBHOOK_URL, TOKEN_ENCRYPTION_KEY }).flatMap(
          ([name, value]) => (value ? [] : [`${name} is not set, while GOOGLE_CLIENT_ID is`]),
        ),
});
