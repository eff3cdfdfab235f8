import type { Tx } from "../db/transaction.ts";
import {
  type CalendarAnswer,
  CalendarBusy,
  type CalendarPort,
  type Grant,
  type NoResult,
} from "../ports/calendar.ts";
import type { CallContext } from "../queues/job.ts";
import { Cancel, done, type Outcome, Snooze } from "../queues/outcome.ts";
import { type Connection, grantOf, requireAction, storeTokens } from "./connections.ts";

/** Why calendar jobs are skipped when no provider is configured. */
export const NOT_CONFIGURED = "GOOGLE_CLIENT_ID is not set: no calendar provider is configured";

/**
 * A connection and its grant: the part of every stored request that identifies the calendar. Its tokens are
 * sealed.
 */
export type ConnectionGrant = {
  readonly connection: { readonly id: string; readonly grantNumber: number };
  readonly grant: Grant;
};

/** The answer to a call, and the connection that it was made for. */
export type ProviderAnswer<T> = {
  readonly connection: ConnectionGrant["connection"];
  readonly answer: CalendarAnswer<T>;
};

/** Null when the connection has no grant, or one that the provider refuses. */
export function connectionGrant(connection: Connection | undefined): ConnectionGrant | null {
  const grant = connection && connection.status !== "action_required" ? grantOf(connection) : null;
  if (!connection || !grant) return null;
  return { connection: { id: connection.id, grantNumber: connection.grantNumber }, grant };
}

/**
 * Calls the provider. If it answers with a time to retry after, the job is snoozed until then.
 *
 * @throws Cancel when no provider is configured in this process; Snooze; the errors of the port.
 */
export async function callProvider<T>(
  { connection }: ConnectionGrant,
  { ports, signal }: CallContext,
  call: (port: CalendarPort, signal: AbortSignal) => Promise<CalendarAnswer<T>>,
): Promise<ProviderAnswer<T>> {
  if (ports.calendar === null) throw new Cancel(NOT_CONFIGURED);
  try {
    return { connection, answer: await call(ports.calendar, signal) };
  } catch (error) {
    if (error instanceof CalendarBusy && error.retryAfterMs !== null)
      throw new Snooze(error.retryAfterMs, error.message);
    throw error;
  }
}

/**
 * Stores refreshed tokens, and records a refusal.
 *
 * @param retry enqueues the same work again.
 * @returns the result of the call, or the outcome of the job when the call had none.
 */
export async function recordAnswer<T extends { readonly kind: string }>(
  tx: Tx,
  { connection, answer: { tokens, result } }: ProviderAnswer<T>,
  now: Date,
  retry: () => Promise<unknown>,
): Promise<{ readonly outcome: Outcome } | { readonly result: T }> {
  await storeTokens(tx, connection, tokens);
  if (isAgain(result)) {
    await retry();
    return { outcome: done({ tokensRefreshed: 1 }) };
  }
  if (!isRefused(result)) return { result };
  const first = await requireAction(tx, connection, result.reason, now);
  return { outcome: done({ actionRequired: first ? 1 : 0 }) };
}

const isAgain = (result: { readonly kind: string }): result is Extract<NoResult, { kind: "again" }> =>
  result.kind === "again";

const isRefused = (result: { readonly kind: string }): result is Extract<NoResult, { kind: "refused" }> =>
  result.kind === "refused";
