import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import {
  decideNotification,
  type NotifyDecision,
  type NotifyFacts,
} from "../scoring/notifications/notify-decision.ts";
import type { Channel, Preference } from "../scoring/notifications/preference.ts";
import { type EmailStanding, NO_EMAIL_YET, readEmailStandings } from "./email-standings.ts";
import { type EventRecipient, findRecipients } from "./find-recipients.ts";
import {
  type AnyNotificationType,
  emailKindOf,
  type Notifiable,
  type NotificationEvent,
} from "./notification-type.ts";
import { readPreferences } from "./read-preferences.ts";

/** What was decided for one event, user and channel. */
export type DecidedDelivery = {
  readonly event: NotificationEvent;
  readonly type: AnyNotificationType;
  readonly userId: string;
  readonly timeZone: string;
  readonly channel: Channel;
  readonly decision: NotifyDecision;
};

type Context = { readonly settings: Pick<Settings, "notifications" | "nudges">; readonly now: Date };

/**
 * Decides each channel for each recipient of each event. The number of statements does not depend on the
 * number of events; the rules are scoring/notifications/notify-decision.ts.
 */
export async function decideDeliveries(
  tx: Tx,
  events: readonly Notifiable[],
  context: Context,
): Promise<DecidedDelivery[]> {
  const { notifications, nudges } = context.settings;
  const recipients = await findRecipients(tx, events, {
    defaultZone: notifications.userTimeZone,
    nudgePriority: nudges.cap.priority,
  });
  const preferences = await readPreferences(
    tx,
    [...new Set(recipients.map(({ recipient }) => recipient.userId))],
    [...new Set(recipients.map(({ event }) => event.type))],
  );
  const standings = await readEmailStandings(tx, mailedUsers(recipients), context.now);
  return recipients.flatMap((one) =>
    channelsOf(one).map((channel): DecidedDelivery => {
      const { event, type, timeZone } = one;
      const { userId } = one.recipient;
      const standing = standings.get(userId) ?? NO_EMAIL_YET;
      const known = { preferences: preferences.get(userId) ?? [], standing };
      const decision = decideNotification(factsOf(one, channel, known, context));
      if (channel === "email") standings.set(userId, standingAfter(standing, decision, type));
      return { event, type, userId, timeZone, channel, decision };
    }),
  );
}

/** The users that some e-mail is decided for, with their zones. */
const mailedUsers = (recipients: readonly EventRecipient[]) =>
  new Map(
    recipients
      .filter((one) => emailKindOf(one) !== null)
      .map(({ recipient, timeZone }) => [recipient.userId, { timeZone }]),
  );

function channelsOf(one: EventRecipient): Channel[] {
  const channels: Channel[] = one.type.inApp ? ["in_app"] : [];
  return emailKindOf(one) === null ? channels : [...channels, "email"];
}

type KnownOfUser = { readonly preferences: readonly Preference[]; readonly standing: EmailStanding };

function factsOf(
  one: EventRecipient,
  channel: Channel,
  { preferences, standing }: KnownOfUser,
  { settings, now }: Context,
): NotifyFacts {
  const { event, type, recipient, timeZone } = one;
  const { quietFrom, quietTo } = recipient;
  return {
    channel,
    eventType: event.type,
    projectId: event.projectId,
    threadId: event.threadId,
    isActor: recipient.userId === event.actorId,
    mayAccess: recipient.mayAccess,
    hasAddress: recipient.hasAddress,
    isSuppressed: standing.isSuppressed,
    isMustSend: type.isMustSend ?? false,
    preferences,
    isUnsubscribed: recipient.isUnsubscribed,
    frequency: recipient.frequency ?? "immediate",
    emailKind: emailKindOf(one) ?? "digest",
    quiet: quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo },
    timeZone,
    letThrough: standing.letThrough,
    letThroughLimit: settings.notifications.emailsPerHour,
    nudges: type.nudge
      ? {
          today: standing.nudgesToday,
          perDay: settings.nudges.cap.perDay,
          week: standing.nudgesThisWeek,
          perWeek: settings.nudges.cap.perWeek,
        }
      : null,
    now,
  };
}

/** The standing after a decision: limits also hold within one group of events. */
function standingAfter(
  standing: EmailStanding,
  decision: NotifyDecision,
  type: AnyNotificationType,
): EmailStanding {
  if (decision.kind !== "now" && decision.kind !== "deferred") return standing;
  const nudges = type.nudge ? 1 : 0;
  return {
    ...standing,
    letThrough: standing.letThrough + (decision.reason === "must-send" ? 0 : 1),
    nudgesToday: standing.nudgesToday + nudges,
    nudgesThisWeek: standing.nudgesThisWeek + nudges,
  };
}
