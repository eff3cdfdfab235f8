import type { Tx } from "../db/transaction.ts";
import { type Answer, CalendarBusy, type CalendarPort, type Grant, type Refused } from "../ports/calendar.ts";
import type { CallContext } from "../queues/job.ts";
import { Cancel, done, type Outcome, Snooze } from "../queues/outcome.ts";
import { type Connection, grantOf, requireAction, storeTokens } from "./connections.ts";

/** Said by every job that finds nobody to ask. */
export const NOT_CONFIGURED = "GOOGLE_CLIENT_ID is not set: there is no provider of calendars";

/** On whose behalf the provider is asked: part of the request that is stored, so the tokens in it are sealed. */
export type OnBehalf = {
  readonly connection: { readonly id: string; readonly grantNumber: number };
  readonly grant: Grant;
};

/** What the provider said, and on whose behalf it was asked. */
export type Asked<T> = { readonly connection: OnBehalf["connection"]; readonly answer: Answer<T> };

/** Null when the connection holds no grant that is worth trying. */
export function onBehalfOf(connection: Connection | undefined): OnBehalf | null {
  const grant = connection && connection.status !== "action_required" ? grantOf(connection) : null;
  if (!connection || !grant) return null;
  return { connection: { id: connection.id, grantNumber: connection.grantNumber }, grant };
}

/**
 * Asks the provider. When it names a time to come back, then is when the work is tried again.
 *
 * @throws Cancel when this process has no provider to ask; Snooze; whatever the port throws.
 */
export async function askProvider<T>(
  { connection }: OnBehalf,
  { ports, signal }: CallContext,
  ask: (port: CalendarPort, signal: AbortSignal) => Promise<Answer<T>>,
): Promise<Asked<T>> {
  if (ports.calendar === null) throw new Cancel(NOT_CONFIGURED);
  try {
    return { connection, answer: await ask(ports.calendar, signal) };
  } catch (error) {
    if (error instanceof CalendarBusy && error.retryAfterMs !== null)
      throw new Snooze(error.retryAfterMs, error.message);
    throw error;
  }
}

/**
 * Stores what the call has refreshed, and takes the answer as far as it is not the one that was asked for.
 *
 * @param again asks for the same work once more.
 * @returns the outcome of a call that brought nothing else, or what it did bring.
 */
export async function takeAnswer<T extends { readonly kind: string }>(
  tx: Tx,
  { connection, answer: { tokens, result } }: Asked<T>,
  now: Date,
  again: () => Promise<unknown>,
): Promise<{ readonly outcome: Outcome } | { readonly result: T }> {
  await storeTokens(tx, connection, tokens);
  if (isAgain(result)) {
    await again();
    return { outcome: done({ tokensRefreshed: 1 }) };
  }
  if (!isRefused(result)) return { result };
  const first = await requireAction(tx, connection, result.reason, now);
  return { outcome: done({ actionRequired: first ? 1 : 0 }) };
}

const isAgain = (result: { readonly kind: string }): result is Extract<Refused, { kind: "again" }> =>
  result.kind === "again";

const isRefused = (result: { readonly kind: string }): result is Extract<Refused, { kind: "refused" }> =>
  result.kind === "refused";
