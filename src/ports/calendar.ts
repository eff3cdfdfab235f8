import type { Response } from "../scoring/calendar/meeting-changes.ts";
import type { SealedText } from "../sealed-text.ts";

/** What a user has granted, as it lies in the database. Nothing of it can be read without the keys of the port. */
export type Grant = {
  /** Whose it is; sealed along with the tokens. */
  readonly owner: string;
  readonly refreshToken: SealedText;
  readonly accessToken: SealedText | null;
  /** ISO instant. */
  readonly accessExpiresAt: string | null;
};

/** Tokens that a call has refreshed on its way: to be stored instead of the old ones. */
export type FreshTokens = {
  readonly refreshToken: SealedText;
  readonly accessToken: SealedText;
  readonly accessExpiresAt: string;
};

/** Why a grant is of no use until its user connects again. */
export type RefusalReason = "grant_revoked" | "access_refused" | "calendar_gone";

/** Beside what was asked for. `again`: it failed for a passing reason, but the refreshed tokens are worth keeping. */
export type Refused =
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "again" };

export type Answer<T> = { readonly tokens: FreshTokens | null; readonly result: T | Refused };

export type Watched =
  | {
      readonly kind: "watched";
      readonly resourceId: string;
      readonly tokenHash: string;
      /** ISO instant: what the provider gave, whatever was asked for. */
      readonly expiresAt: string;
    }
  /** A channel of this id was created before: an earlier answer was lost. Its resource is not known. */
  | { readonly kind: "taken"; readonly tokenHash: string };

/** Somebody in an entry of a calendar. */
export type SeenPerson = {
  /** In lower case. */
  readonly email: string;
  /** Whether it is the owner of the calendar, whatever address they use there. */
  readonly isSelf: boolean;
  readonly response: Response;
};

/** An entry of a calendar. `none`: nothing that people meet for (any more). */
export type SeenEvent =
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
      readonly organizer: Omit<SeenPerson, "response"> | null;
      readonly people: readonly SeenPerson[];
      /** False when the entry hides some of them. */
      readonly showsEverybody: boolean;
    };

export type EventsPage = {
  readonly kind: "page";
  readonly events: readonly SeenEvent[];
  /** Exactly one of the two: there is more, or this was all and here it goes on the next time. */
  readonly nextPageToken: string | null;
  readonly nextSyncToken: string | null;
};

/** What is asked of a calendar: everything in a window, or what has changed since the token; from a page on. */
export type EventsCursor = {
  readonly window: { readonly from: string; readonly until: string } | null;
  readonly syncToken: string | null;
  readonly pageToken: string | null;
};

/** The calendars of users, with one provider. Each call refreshes the access token when under 5 minutes of it are left. */
export type CalendarPort = {
  /** Seals the tokens of a new grant. */
  sealGrant(owner: string, refreshToken: string): Grant;
  /** The same tokens under the first key; null when they are already. @throws SealBroken */
  resealGrant(grant: Grant): Grant | null;
  /**
   * Opens a channel under an id of ours, with a secret of its own that only the port knows (its SHA-256, in hex, is the answer's).
   * @throws CalendarBusy, CalendarUnavailable, CalendarMisconfigured, SealBroken
   */
  watch(
    request: { readonly grant: Grant; readonly calendarId: string; readonly channelId: string },
    signal: AbortSignal,
  ): Promise<Answer<Watched>>;
  /** Closes a channel. One that is gone is as good as stopped. @throws as `watch` */
  stop(
    request: { readonly grant: Grant; readonly channelId: string; readonly resourceId: string },
    signal: AbortSignal,
  ): Promise<Answer<{ readonly kind: "stopped" }>>;
  /** One page of entries. `expired`: the tokens are too old, everything has to be read again. @throws as `watch` */
  listEvents(
    request: { readonly grant: Grant; readonly calendarId: string; readonly cursor: EventsCursor },
    signal: AbortSignal,
  ): Promise<Answer<EventsPage | { readonly kind: "expired" }>>;
};

/** The provider asks for patience: too many requests. */
export class CalendarBusy extends Error {
  override readonly name = "CalendarBusy";
  /** What it asked for; null when it named no time. */
  readonly retryAfterMs: number | null;
  constructor(status: number, retryAfterMs: number | null) {
    super(`the calendar provider answered ${status}: too many requests`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** The provider did not answer, or not in a way that lasts. */
export class CalendarUnavailable extends Error {
  override readonly name = "CalendarUnavailable";
}

/** The provider refuses this deployment, not this user: its OAuth client, its project or the address of its webhook. */
export class CalendarMisconfigured extends Error {
  override readonly name = "CalendarMisconfigured";
}
