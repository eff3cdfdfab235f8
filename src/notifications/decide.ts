import type { Settings } from "../config/settings.ts";
import type { Tx } from "../db/transaction.ts";
import { groupBy } from "../group-by.ts";
import { isTimeZone } from "../scoring/local-time.ts";
import {
  decideNotification,
  type NotifyDecision,
  type NotifyFacts,
} from "../scoring/notifications/notify-decision.ts";
import type { NudgeKind } from "../scoring/notifications/nudge-cap.ts";
import type { Channel } from "../scoring/notifications/preference.ts";
import type { AnyNotificationType, ToldEvent } from "./notification-type.ts";
import { type EmailStanding, readEmailStandings, readPreferences } from "./read-preferences.ts";
import { type RecipientRow, readRecipients } from "./read-recipients.ts";

/** What was decided for one event, user and channel. */
export type DecidedDelivery = {
  readonly event: ToldEvent;
  readonly type: AnyNotificationType;
  readonly userId: string;
  readonly timeZone: string;
  readonly channel: Channel;
  readonly decision: NotifyDecision;
};

type Told = { readonly event: ToldEvent; readonly type: AnyNotificationType };
type DeliveryCandidate = Told & { readonly recipient: RecipientRow; readonly timeZone: string };
type Circumstances = { readonly settings: Pick<Settings, "notifications" | "nudges">; readonly now: Date };

const NOBODY_MAILED: EmailStanding = {
  isSuppressed: false,
  letThrough: 0,
  nudgesToday: 0,
  nudgesThisWeek: 0,
};

/** Decides for each recipient of each event, channel by channel: facts in a number of statements that does not grow, pure rules, rows out. */
export async function decideAll(
  tx: Tx,
  told: readonly Told[],
  circumstances: Circumstances,
): Promise<DecidedDelivery[]> {
  const { settings } = circumstances;
  const found = await findCandidates(tx, told, settings.notifications.userTimeZone);
  const candidates = found.sort(inOrderOf(settings.nudges.cap.priority));
  const mailed = new Map(
    candidates
      .filter(({ type, event }) => emailKindOf(type, event) !== null)
      .map(({ recipient, timeZone }) => [recipient.userId, { timeZone }]),
  );
  const userIds = [...new Set(candidates.map(({ recipient }) => recipient.userId))];
  const types = [...new Set(candidates.map(({ event }) => event.type))];
  const preferences = await readPreferences(tx, userIds, types);
  const standings = await readEmailStandings(tx, mailed, circumstances.now);
  return candidates.flatMap((candidate) =>
    channelsOf(candidate).map((channel) => {
      const { event, type, recipient, timeZone } = candidate;
      const { userId } = recipient;
      const standing = standings.get(userId) ?? NOBODY_MAILED;
      const facts = factsOf(
        candidate,
        channel,
        { preferences: preferences.get(userId) ?? [], standing },
        circumstances,
      );
      const decision = decideNotification(facts);
      if (channel === "email") standings.set(userId, after(standing, decision, type));
      return { event, type, userId, timeZone, channel, decision };
    }),
  );
}

async function findCandidates(
  tx: Tx,
  told: readonly Told[],
  fallbackZone: string,
): Promise<DeliveryCandidate[]> {
  const events = new Map(told.map((one) => [one.event.id, one]));
  const found: DeliveryCandidate[] = [];
  for (const [type, ofType] of groupBy(told, ({ type }) => type)) {
    const recipients = await readRecipients(
      tx,
      type,
      ofType.map(({ event }) => event),
    );
    for (const recipient of recipients) {
      const one = events.get(recipient.eventId);
      const named = recipient.timeZone;
      if (one)
        found.push({
          ...one,
          recipient,
          timeZone: named !== null && isTimeZone(named) ? named : fallbackZone,
        });
    }
  }
  return found;
}

/**
 * In the order of the events: the first e-mails of an hour go out alone, the later ones do not. Nudges come after all others, by the
 * priority of their kind: where there is room for one, it is the first of them.
 */
const inOrderOf = (priority: readonly NudgeKind[]) => (a: DeliveryCandidate, b: DeliveryCandidate) =>
  rankOf(a.type.nudge, priority) - rankOf(b.type.nudge, priority) ||
  byId(a.event.id, b.event.id) ||
  byId(a.recipient.userId, b.recipient.userId);

function rankOf(kind: NudgeKind | undefined, priority: readonly NudgeKind[]): number {
  if (kind === undefined) return -1;
  return priority.includes(kind) ? priority.indexOf(kind) : priority.length;
}

const byId = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

const emailKindOf = (type: AnyNotificationType, event: ToldEvent) => type.emailKind(event);

function channelsOf({ type, event }: DeliveryCandidate): Channel[] {
  const channels: Channel[] = type.inApp ? ["in_app"] : [];
  return emailKindOf(type, event) === null ? channels : [...channels, "email"];
}

function factsOf(
  { event, type, recipient, timeZone }: DeliveryCandidate,
  channel: Channel,
  wishes: { readonly preferences: NotifyFacts["preferences"]; readonly standing: EmailStanding },
  { settings, now }: Circumstances,
): NotifyFacts {
  const { quietFrom, quietTo } = recipient;
  const { standing } = wishes;
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
    preferences: wishes.preferences,
    isUnsubscribed: recipient.isUnsubscribed,
    frequency: recipient.frequency ?? "immediate",
    emailKind: emailKindOf(type, event) ?? "digest",
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

/** How a user stands once this has been decided: within a group too only so many are let through. */
function after(standing: EmailStanding, decision: NotifyDecision, type: AnyNotificationType): EmailStanding {
  if (decision.kind !== "now" && decision.kind !== "deferred") return standing;
  const one = type.nudge ? 1 : 0;
  return {
    ...standing,
    letThrough: standing.letThrough + (decision.reason === "must-send" ? 0 : 1),
    nudgesToday: standing.nudgesToday + one,
    nudgesThisWeek: standing.nudgesThisWeek + one,
  };
}
