import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import {
  decideNotification,
  type NotifyDecision,
  type NotifyFacts,
  type NudgeFacts,
} from "../scoring/notifications/notify-decision.ts";
import { countNudges, type NudgeCandidate, waitingCandidates } from "../scoring/notifications/nudge-cap.ts";
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
      if (channel === "email") standings.set(userId, standingAfter(standing, decision, one, context.now));
      return { event, type, userId, timeZone, channel, decision };
    }),
  );
}

/** The users that some e-mail is decided for, and whether it is a nudge. */
function mailedUsers(recipients: readonly EventRecipient[]): Map<string, { nudged: boolean }> {
  const users = new Map<string, { nudged: boolean }>();
  for (const one of recipients) {
    if (emailKindOf(one) === null) continue;
    const { userId } = one.recipient;
    const nudged = one.type.nudge !== undefined || (users.get(userId)?.nudged ?? false);
    users.set(userId, { nudged });
  }
  return users;
}

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
    nudge: type.nudge
      ? nudgeFacts({ id: event.id, kind: type.nudge }, timeZone, standing, { settings, now })
      : null,
    now,
  };
}

const nudgeFacts = (
  candidate: NudgeCandidate,
  timeZone: string,
  { waiting, nudgedAt }: EmailStanding,
  { settings, now }: Context,
): NudgeFacts => ({
  candidate,
  waiting: waitingCandidates(Object.values(waiting), settings.nudges.cap),
  counts: countNudges({ timeZone, countedAt: nudgedAt }, now),
  policy: settings.nudges.cap,
});

/** The standing after a decision: limits also hold within one group of events. */
function standingAfter(
  standing: EmailStanding,
  decision: NotifyDecision,
  { event, type }: EventRecipient,
  now: Date,
): EmailStanding {
  if (decision.kind === "skipped") return standing;
  if (decision.kind === "digested") {
    const { cadence, reason } = decision;
    const { nudges, others } = standing.waiting[cadence] ?? { nudges: [], others: 0 };
    const waits = !type.nudge
      ? { nudges, others: others + 1 }
      : { nudges: reason === "nudge-cap" ? nudges : [...nudges, { id: event.id, kind: type.nudge }], others };
    return { ...standing, waiting: { ...standing.waiting, [cadence]: waits } };
  }
  const sentAt = decision.kind === "deferred" ? decision.notBefore : now;
  return {
    ...standing,
    letThrough: standing.letThrough + (decision.reason === "must-send" ? 0 : 1),
    nudgedAt: type.nudge ? [...standing.nudgedAt, sentAt] : standing.nudgedAt,
  };
}
