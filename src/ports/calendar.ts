import type { Response } from "../scoring/calendar/meeting-changes.ts";
import type { SealedText } from "../sealed-text.ts";

/** A user's OAuth tokens as stored: encrypted with keys that only the port has. */
export type Grant = {
  /** The owner, authenticated with the sealed tokens. */
  readonly owner: string;
  readonly refreshToken: SealedText;
  readonly accessToken: SealedText | null;
  /** ISO instant. */
  readonly accessExpiresAt: string | null;
};

/** Tokens that were refreshed during a call and replace the stored ones. */
export type FreshTokens = {
  readonly refreshToken: SealedText;
  readonly accessToken: SealedText;
  readonly accessExpiresAt: string;
};

/** Why a grant cannot be used until the user connects again. */
export type RefusalReason = "grant_revoked" | "access_refused" | "calendar_gone";

/** A call without a result. `again`: it failed for a temporary reason, after the tokens were refreshed. */
export type NoResult =
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "again" };

export type CalendarAnswer<T> = { readonly tokens: FreshTokens | null; readonly result: T | NoResult };

export type Watched =
  | {
      readonly kind: "watched";
      readonly resourceId: string;
      readonly tokenHash: string;
      /** ISO instant as the provider returned it, which may differ from the one requested. */
      readonly expiresAt: string;
    }
  /**
   * The channel id is taken: an earlier call opened the channel and its answer was lost. Its resource id is
   * unknown.
   */
  | { readonly kind: "taken"; readonly tokenHash: string };

/** A participant in an entry of a calendar. */
export type Attendee = {
  /** In lower case. */
  readonly email: string;
  /** Whether this is the owner of the calendar, under any address. */
  readonly isSelf: boolean;
  readonly response: Response;
};

/** An entry of a calendar. `none`: not a meeting, or no longer one. */
export type CalendarEntry =
  | { readonly kind: "none"; readonly id: string }
  | {
      readonly kind: "meeting";
      readonly id: string;
      readonly icalUid: string;
      readonly originalStart: string;
      readonly title: string;
      /** ISO instants. */
      readonly start: string;
      readonly end: string;
      readonly changedAt: string;
      readonly organizer: Omit<Attendee, "response"> | null;
      readonly people: readonly Attendee[];
      /** False when the provider omits some of the attendees. */
      readonly showsEverybody: boolean;
      /** Whether changes by guests apply to everybody. */
      readonly guestsCanModify: boolean;
    };

export type EventsPage = {
  readonly kind: "page";
  /** The provider's name of the calendar, by default the address of the account; null if it has none. */
  readonly calendarName: string | null;
  readonly events: readonly CalendarEntry[];
  /** Exactly one of the two is set: the next page, or after the last page the token of the next sync. */
  readonly nextPageToken: string | null;
  readonly nextSyncToken: string | null;
};

/** Which entries to list: all in a window, or the changes since a token; starting at a page. */
export type EventsCursor = {
  readonly window: { readonly from: string; readonly until: string } | null;
  readonly syncToken: string | null;
  readonly pageToken: string | null;
};

/** A calendar provider. Each call refreshes an access token that expires within 5 minutes. */
export type CalendarPort = {
  /** Seals the tokens of a new grant. */
  sealGrant(owner: string, refreshToken: string): Grant;
  /** The same tokens sealed with the first key, or null if they are already. @throws SealBroken */
  resealGrant(grant: Grant): Grant | null;
  /**
   * Opens a push channel with the given id and a secret that only the port knows. Returns the secret's
   * SHA-256 in hex.
   * @throws CalendarBusy, CalendarUnavailable, CalendarMisconfigured, SealBroken
   */
  watch(
    request: { readonly grant: Grant; readonly calendarId: string; readonly channelId: string },
    signal: AbortSignal,
  ): Promise<CalendarAnswer<Watched>>;
  /** Closes a channel. A channel that does not exist counts as stopped. @throws as `watch` */
  stop(
    request: { readonly grant: Grant; readonly channelId: string; readonly resourceId: string },
    signal: AbortSignal,
  ): Promise<CalendarAnswer<{ readonly kind: "stopped" }>>;
  /**
   * Lists one page of entries. `expired`: a token is too old, so a full sync is needed. @throws as `watch`
   */
  listEvents(
    request: { readonly grant: Grant; readonly calendarId: string; readonly cursor: EventsCursor },
    signal: AbortSignal,
  ): Promise<CalendarAnswer<EventsPage | { readonly kind: "expired" }>>;
};

/** The provider rejected the call because of too many requests. */
export class CalendarBusy extends Error {
  override readonly name = "CalendarBusy";
  /** The provider's Retry-After, if any. */
  readonly retryAfterMs: number | null;
  constructor(status: number, retryAfterMs: number | null) {
    super(`the calendar provider answered ${status}: too many requests`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The provider did not answer, or failed in a way that a retry may fix. */
export class CalendarUnavailable extends Error {
  override readonly name = "CalendarUnavailable";
}

/** The provider rejects this deployment rather than the user: its OAuth client, project or webhook URL. */
export class CalendarMisconfigured extends Error {
  override readonly name = "CalendarMisconfigured";
}
