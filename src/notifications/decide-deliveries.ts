import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import { languageOf } from "../languages/choose-language.ts";
import type { Log } from "../log.ts";
import { mapInPortions } from "../portions.ts";
import { compareIds } from "../scoring/compare-ids.ts";
import {
  decideNotification,
  isLimited,
  type NotifyDecision,
  type NotifyFacts,
  type NudgeFacts,
} from "../scoring/notifications/notify-decision.ts";
import {
  countNudges,
  type NudgeCandidate,
  type NudgeKind,
  waitingCandidates,
} from "../scoring/notifications/nudge-cap.ts";
import type { Channel } from "../scoring/notifications/preference.ts";
import { type EmailStanding, NO_EMAIL_YET, readEmailStandings } from "./email-standings.ts";
import type { EventRecipients } from "./find-recipients.ts";
import {
  type AnyNotificationType,
  emailKindOf,
  type Notifiable,
  type NotificationEvent,
  type Reader,
} from "./notification-type.ts";
import { userZone } from "./user-zone.ts";

/** The decisions for some recipients of one event. Null: it is never shown in the app, or never mailed. */
export type DecidedDeliveries = {
  readonly event: NotificationEvent;
  readonly type: AnyNotificationType;
  readonly userIds: readonly string[];
  readonly reader: Reader;
  readonly inApp: NotifyDecision | null;
  readonly email: NotifyDecision | null;
};

type Context = {
  readonly settings: Pick<Settings, "notifications" | "nudges">;
  readonly log: Log;
  readonly now: Date;
};

/**
 * Decides each channel for the recipients of events, once for all that have the same facts. Only e-mails that
 * limits may stop are decided user by user. The number of statements does not depend on the number of events;
 * the rules are scoring/notifications/notify-decision.ts.
 */
export async function decideDeliveries(
  tx: Tx,
  recipients: readonly EventRecipients[],
  context: Context,
): Promise<DecidedDeliveries[]> {
  const decided: DecidedDeliveries[] = [];
  const limited: { one: EventRecipients; facts: NotifyFacts; reader: Reader }[] = [];
  await mapInPortions(recipients, (one) => {
    const reader = readerOf(one, context);
    const facts = factsOf(one, reader, context);
    if (facts.email !== null && isLimited(facts.email, one.type.nudge !== undefined))
      limited.push({ one, facts: facts.email, reader });
    else decided.push(decide(one, one.group.userIds, reader, facts));
  });
  if (limited.length === 0) return decided;
  const standings = await readEmailStandings(tx, limitedUsers(limited.map(({ one }) => one)), context.now);
  for (const { userIds, email, event, type } of decided)
    if (email?.kind === "digested")
      for (const userId of userIds) {
        const standing = standings.get(userId);
        if (standing) standings.set(userId, standingAfter(standing, email, { event, type }, context.now));
      }
  const { priority } = context.settings.nudges.cap;
  const single = limited
    .flatMap((group) => group.one.group.userIds.map((userId) => ({ ...group, userId })))
    .sort(inDecidingOrder(priority));
  // Sequentially, since each decision counts towards the limits of the next.
  await mapInPortions(single, ({ one, userId, reader }) => {
    const standing = standings.get(userId) ?? NO_EMAIL_YET;
    const facts = factsOf(one, reader, context);
    const email = facts.email && withStanding(facts.email, standing, one, context);
    const result = decide(one, [userId], reader, { ...facts, email });
    if (result.email) standings.set(userId, standingAfter(standing, result.email, one, context.now));
    decided.push(result);
  });
  return decided;
}

type ChannelFacts = { readonly inApp: NotifyFacts | null; readonly email: NotifyFacts | null };

const decide = (
  { event, type }: EventRecipients,
  userIds: readonly string[],
  reader: Reader,
  { inApp, email }: ChannelFacts,
): DecidedDeliveries => ({
  event,
  type,
  userIds,
  reader,
  inApp: inApp && decideNotification(inApp),
  email: email && decideNotification(email),
});

const readerOf = ({ group }: EventRecipients, { settings, log, now }: Context): Reader => ({
  timeZone: userZone(group.timeZone, { defaultZone: settings.notifications.userTimeZone, log }),
  language: languageOf(group.language),
  isMentioned: group.isMentioned,
  now,
});

/** The users that some limited e-mail is decided for, and whether it is a nudge. */
function limitedUsers(limited: readonly EventRecipients[]): Map<string, { nudged: boolean }> {
  const users = new Map<string, { nudged: boolean }>();
  for (const { type, group } of limited)
    for (const userId of group.userIds)
      users.set(userId, { nudged: type.nudge !== undefined || (users.get(userId)?.nudged ?? false) });
  return users;
}

type SingleRecipient = { readonly one: EventRecipients; readonly userId: string };

/**
 * By event, so that the hourly limit lets the first ones through; nudges last, by priority, so that the cap
 * lets the most important one through.
 */
const inDecidingOrder = (priority: readonly NudgeKind[]) => (a: SingleRecipient, b: SingleRecipient) =>
  nudgeRank(a.one.type.nudge, priority) - nudgeRank(b.one.type.nudge, priority) ||
  compareIds(a.one.event.id, b.one.event.id) ||
  compareIds(a.userId, b.userId);

function nudgeRank(kind: NudgeKind | undefined, priority: readonly NudgeKind[]): number {
  if (kind === undefined) return -1;
  return priority.includes(kind) ? priority.indexOf(kind) : priority.length;
}

/** The facts of each channel, as if the user had no other e-mail. */
function factsOf(one: EventRecipients, reader: Reader, context: Context): ChannelFacts {
  const kind = emailKindOf(one);
  const facts = (channel: Channel): NotifyFacts => {
    const { event, type, group } = one;
    const { quietFrom, quietTo } = group;
    return {
      channel,
      eventType: event.type,
      projectId: event.projectId,
      threadId: event.threadId,
      isActor: group.isActor,
      mayAccess: group.mayAccess,
      hasAddress: group.hasAddress,
      isSuppressed: group.isSuppressed,
      isMustSend: type.isMustSend ?? false,
      preferences: group.preferences,
      isUnsubscribed: group.isUnsubscribed,
      staleReason: group.staleReason,
      frequency: group.frequency ?? "immediate",
      emailKind: kind ?? "digest",
      quiet: quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo },
      timeZone: reader.timeZone,
      letThrough: 0,
      letThroughLimit: context.settings.notifications.emailsPerHour,
      nudge: null,
      now: context.now,
    };
  };
  return { inApp: one.type.inApp ? facts("in_app") : null, email: kind === null ? null : facts("email") };
}

const withStanding = (
  facts: NotifyFacts,
  standing: EmailStanding,
  { event, type }: EventRecipients,
  { settings, now }: Context,
): NotifyFacts => ({
  ...facts,
  letThrough: standing.letThrough,
  nudge: type.nudge
    ? nudgeFacts({ id: event.id, kind: type.nudge }, facts.timeZone, standing, { settings, now })
    : null,
});

const nudgeFacts = (
  candidate: NudgeCandidate,
  timeZone: string,
  { waiting, nudgedAt }: EmailStanding,
  { settings, now }: Pick<Context, "settings" | "now">,
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
  { event, type }: Notifiable,
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
    letThrough: standing.letThrough + 1,
    nudgedAt: type.nudge ? [...standing.nudgedAt, sentAt] : standing.nudgedAt,
  };
}
