import { sql } from "drizzle-orm";
import { type Queryable, rows } from "../db/statement.ts";
import { narrowestPreference, type Preference } from "../scoring/notifications/preference.ts";
import { type DecisionLine, decisionsFor } from "./decision-log.ts";
import { describeDecision, describePreference, type Outlook } from "./describe-decision.ts";
import { describeOutcome, NO_RECIPIENTS } from "./describe-outcome.ts";
import type { FoundEvent } from "./find-event.ts";
import { loadEvents, readEvents } from "./read-events.ts";
import { readRecipientsInRange } from "./read-recipients.ts";
import { notificationTypeOf } from "./type-of-event.ts";
import { readUserPreferences, withScopeNames } from "./user-preferences.ts";

/** Why a user was notified of an event, or not. */
export type WhyNotified = {
  /** The decisions, by channel. */
  readonly lines: readonly DecisionLine[];
  /** The answer, in sentences. */
  readonly sentences: readonly string[];
};

/**
 * Explains whether a user, by our id, was notified of an event, and if not, why not.
 *
 * @param outlookOf when waiting e-mail of the user is sent.
 */
export async function whyNotified(
  on: Queryable,
  event: FoundEvent,
  userId: string,
  now: Date,
  outlookOf?: OutlookOf,
): Promise<WhyNotified> {
  const lines = await decisionsFor(on, event.id, userId);
  if (lines.length === 0) return { lines, sentences: await whyNothing(on, event, userId, now) };
  const { preferences } = await readUserPreferences(on, userId);
  return {
    lines,
    sentences: [
      ...(
        await Promise.all(lines.map((line) => sentencesOf(on, line, event, { preferences, outlookOf })))
      ).flat(),
      ...missingChannels(event.type, lines),
    ],
  };
}

/** When waiting e-mail is sent, by decision. */
export type OutlookOf = (line: DecisionLine) => Outlook;

type Known = { readonly preferences: readonly Preference[]; readonly outlookOf: OutlookOf | undefined };

const PREFERRED = new Set<string | null>(["muted", "preference"]);

/** The decision, and the preference that it followed, if that still exists. */
async function sentencesOf(
  on: Queryable,
  line: DecisionLine,
  { type, projectId, threadId }: FoundEvent,
  { preferences, outlookOf }: Known,
): Promise<string[]> {
  const decided = describeDecision(line, outlookOf?.(line));
  if (!PREFERRED.has(line.reason)) return [decided];
  const subject = { eventType: type, channel: line.channel, projectId, threadId };
  const preference = narrowestPreference(preferences, subject);
  if (preference === null) return [decided, "The user has changed the preference since."];
  const [shown = preference] = await withScopeNames(on, [preference]);
  return [decided, `The preference today: ${describePreference(shown)}.`];
}

function missingChannels(eventType: string, lines: readonly DecisionLine[]): string[] {
  const type = notificationTypeOf(eventType);
  const has = (channel: DecisionLine["channel"]) => lines.some((line) => line.channel === channel);
  return [
    ...(type?.inApp === false && !has("in_app") ? ["Events of this type are not shown in the app."] : []),
    ...(type?.email === null && !has("email") ? ["Events of this type are not e-mailed."] : []),
  ];
}

async function whyNothing(on: Queryable, event: FoundEvent, userId: string, now: Date): Promise<string[]> {
  if (event.outcome !== "decided") return [describeOutcome(event)];
  if (event.actorId === userId) return ["It was the user's own action, and nobody is notified of their own."];
  if (!(await isActive(on, userId)))
    return ["The user is deactivated or erased, and such users are not notified."];
  return [
    (await isRecipient(on, event, userId, now))
      ? "The user was no recipient when the event was decided, but is one by today's data."
      : "The user is no recipient of the event.",
    ...(event.reason === NO_RECIPIENTS ? [describeOutcome(event)] : []),
  ];
}

async function isActive(on: Queryable, userId: string): Promise<boolean> {
  const found = await rows(
    on,
    sql`select 1 from users where id = ${userId} and deactivated_at is null and erased_at is null`,
  );
  return found.length > 0;
}

async function isRecipient(on: Queryable, { id }: FoundEvent, userId: string, now: Date): Promise<boolean> {
  const { notifiable } = await readEvents(on, await loadEvents(on, [id]));
  const [one] = notifiable;
  if (one === undefined) return false;
  const range = { after: String(BigInt(userId) - 1n), through: userId };
  return (await readRecipientsInRange(on, one.type, one.event, range, now)).length > 0;
}
