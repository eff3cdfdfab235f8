import type { SQL } from "drizzle-orm";
import type { EventType } from "../events/event.ts";
import type { EmailKind } from "../scoring/notifications/notify-decision.ts";
import type { NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import type { AccessKind } from "./access.ts";

/** What the texts call people and things. Null for what the event is not about, or what is gone. */
export type Names = {
  readonly actor: string | null;
  /** Whom else the event is about. */
  readonly other: string | null;
  readonly organization: string | null;
  readonly project: string | null;
  readonly resource: string | null;
  readonly thread: string | null;
  readonly meeting: string | null;
  readonly meetingStart: Date | null;
  /** The body of the message. */
  readonly message: string | null;
};

/** Of an event that is about nothing that has a name. */
export const NAMELESS: Names = {
  actor: null,
  other: null,
  organization: null,
  project: null,
  resource: null,
  thread: null,
  meeting: null,
  meetingStart: null,
  message: null,
};

/** An event that is told, its payload read by its type. */
export type ToldEvent<P = unknown> = {
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
};

/** To whom, and when: texts say times in the zone of their reader. */
export type Reader = { readonly userId: string; readonly timeZone: string; readonly now: Date };

/** A title without markup, a body in Markdown, a path of the host platform. */
export type NotificationText = { readonly title: string; readonly body: string; readonly link: string };

/** What a type of event becomes for people. */
export type NotificationType<P> = {
  readonly event: EventType<P>;
  /** Who is told: a select of (event_id, user_id) over `e`, the events of this type in a group (read-recipients.ts). */
  readonly recipients: SQL;
  /** What somebody must be able to see to be told; looked at here and again before an e-mail goes out. */
  readonly access: AccessKind;
  readonly inApp: boolean;
  /** How it is mailed unless the user says otherwise; null: not at all. */
  emailKind(event: ToldEvent<P>): EmailKind | null;
  /** Account and security: passes preferences, quiet hours and throttle. */
  readonly isMustSend?: boolean;
  /** Which kind of nudge it is: it counts towards the cap of nudges. */
  readonly nudge?: NudgeKind;
  /** Whether it is counted into the one unread notification of its thread, instead of one of its own. */
  countsInThread?(event: ToldEvent<P>, userId: string): boolean;
  text(event: ToldEvent<P>, reader: Reader): NotificationText;
};

/** Some type: its payload is private to it, nobody else looks inside. */
// biome-ignore lint/suspicious/noExplicitAny: types with different payloads stand in one list, and read only their own events.
export type AnyNotificationType = NotificationType<any>;

export const defineNotification = <P>(type: NotificationType<P>): NotificationType<P> => type;
