import type { SQL } from "drizzle-orm";
import type { meetings } from "../db/schema/meetings.ts";
import type { Tx } from "../db/transaction.ts";
import type { EventType } from "../events/event.ts";
import type { Formats } from "../languages/formats.ts";
import type { Language } from "../languages/language.ts";
import type { Count } from "../languages/message.ts";
import type { Phrases, Texts, Translations } from "../languages/texts.ts";
import type { EmailKind } from "../scoring/notifications/notify-decision.ts";
import type { NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import type { AccessKind } from "./access.ts";
import type { EmailWording, TranslatedWording } from "./email-wording.ts";

/** Names for the texts. Null if the event has no such subject, or its row is gone. */
export type Names = {
  readonly actor: string | null;
  /** Another user than the actor: `References.userId`. */
  readonly other: string | null;
  readonly organization: string | null;
  readonly project: string | null;
  readonly resource: string | null;
  readonly thread: string | null;
  readonly meeting: string | null;
  readonly meetingStart: Date | null;
  readonly meetingStatus: (typeof meetings.$inferSelect)["status"] | null;
  /** The body of the message. */
  readonly message: string | null;
};

/** The names of an event without subjects. */
export const NAMELESS: Names = {
  actor: null,
  other: null,
  organization: null,
  project: null,
  resource: null,
  thread: null,
  meeting: null,
  meetingStart: null,
  meetingStatus: null,
  message: null,
};

/** The subjects of an event as the host refers to them: by its ids, or by ours where it has none. */
export type SubjectRefs = {
  readonly organization: string | null;
  readonly project: string | null;
  readonly resource: string | null;
  readonly thread: string | null;
  readonly meeting: string | null;
};

/** Ids in a payload whose names the texts need. The event's own columns are always resolved. */
export type References = {
  readonly userId?: string | undefined;
  readonly organizationId?: string;
  readonly messageId?: string;
};

/** A domain event with its parsed payload and the names that its texts use. */
export type NotificationEvent<P = unknown> = {
  readonly id: string;
  readonly type: string;
  readonly actorId: string | null;
  readonly projectId: string | null;
  readonly resourceId: string | null;
  readonly threadId: string | null;
  readonly meetingId: string | null;
  readonly occurredAt: Date;
  readonly payload: P;
  readonly names: Names;
  /** For links. Absent if none of its subjects exists. */
  readonly refs?: SubjectRefs | undefined;
};

/**
 * The facts that a text may depend on besides the event: recipients with an equal reader get the same text.
 */
export type Reader = {
  /** Times are written in this zone. */
  readonly timeZone: string;
  readonly language: Language;
  /** Whether the event mentions the reader (`mentions`). */
  readonly isMentioned: boolean;
  readonly now: Date;
};

/** How a type writes its texts: in the language and the zone of the reader. */
export type Writer<T extends Texts = Texts> = Phrases<T> &
  Omit<Formats, "time"> &
  Pick<Reader, "isMentioned" | "now"> & {
    time(at: Date): string;
    /** The name of the actor, or "Someone". */
    readonly actor: string;
    readonly someone: string;
    /** How many events of its thread the notification counts. */
    readonly count: Count;
  };

/** A title without markup, a body in Markdown, and a path on the host platform. */
export type NotificationText = { readonly title: string; readonly body: string; readonly link: string };

/** Made-up content for the gallery of e-mails. */
export type Sample<P> = {
  readonly payload: P;
  readonly names?: Partial<Names>;
  readonly project?: { readonly id: string; readonly name: string };
};

/** How a type is mailed. Its wording is in English. */
export type EmailForm<P> = EmailWording & {
  /** How it is sent unless the user prefers otherwise. */
  readonly kind: EmailKind;
  /** False for events of this type that are not mailed; default: all are. */
  appliesTo?(event: NotificationEvent<P>): boolean;
  readonly sample: Sample<P>;
};

/** A delivery that is about to be sent. */
export type PendingItem<P = unknown> = {
  readonly deliveryId: string;
  readonly userId: string;
  readonly event: NotificationEvent<P>;
};

/** By delivery: the event with current data, or null if it no longer applies. */
export type Rechecked<P = unknown> = ReadonlyMap<string, NotificationEvent<P> | null>;

/** Everything about the notifications of one event type. */
export type NotificationType<P, T extends Texts = Texts> = {
  readonly event: EventType<P>;
  /** Who is notified, for the host's engineer. */
  readonly to?: string;
  /** The tables that its recipients come from, besides those that the event refers to, for the same. */
  readonly recipientTables?: readonly string[];
  /** A select of (event_id, user_id) over `e`, the group's events of this type (read-recipients.ts). */
  readonly recipients: SQL;
  /** The access that a recipient needs. Checked when deciding and again before an e-mail is sent. */
  readonly access: AccessKind;
  /** Whether it is shown in the app. */
  readonly inApp: boolean;
  /** Null: never mailed. */
  readonly email: EmailForm<NoInfer<P>> | null;
  /** Account and security: ignores preferences, quiet hours and limits. */
  readonly isMustSend?: boolean;
  /** Set on nudges, which count towards the nudge cap. */
  readonly nudge?: NudgeKind;
  references?(payload: P): References;
  /** The users that the event mentions, by id. */
  mentions?(event: NotificationEvent<P>): readonly string[];
  /** One unread notification per thread counts the events, except for users that they mention. */
  readonly countsInThread?: boolean;
  /**
   * Why the event no longer matters to a recipient when it is decided (`StaleReason`, or null), over `e` and
   * `u` (access.ts) and the time `c.now`.
   */
  readonly staleReason?: SQL;
  /** Its texts in English. */
  readonly texts: T;
  /**
   * Its texts and the wording of its e-mail in other languages, by tag. Translations that are not here are in
   * the language files, under the event type; otherwise the text is English.
   */
  readonly translations?: Translations<(keyof NoInfer<T> & string) | TranslatedWording>;
  text(event: NotificationEvent<P>, writer: Writer<NoInfer<T>>): NotificationText;
  /** Reads again, for all items at once, whether their e-mail still applies. */
  recheck?(tx: Tx, items: readonly PendingItem<P>[], now: Date): Promise<Rechecked<P>>;
};

/** A type whose payload is opaque: only the type itself reads it. */
// biome-ignore lint/suspicious/noExplicitAny: types with different payloads share one list.
export type AnyNotificationType = NotificationType<any, any>;

/** An event and its notification type. */
export type Notifiable = { readonly event: NotificationEvent; readonly type: AnyNotificationType };

export const defineNotification = <P, const T extends Texts>(
  type: NotificationType<P, T>,
): NotificationType<P, T> => type;

/** How an event is mailed by default; null if it is not. */
export const emailKindOf = ({ type, event }: Notifiable): EmailKind | null =>
  type.email !== null && (type.email.appliesTo?.(event) ?? true) ? type.email.kind : null;
