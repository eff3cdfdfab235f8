import { createHash, randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import { array, type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { tagIn } from "../notifications/language-tag.ts";
import { addUnsubscriptions } from "../notifications/unsubscriptions.ts";

/** A new token for an unsubscribe link: 32 random bytes. */
export const drawToken = (): string => randomBytes(32).toString("base64url");

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/**
 * The token in the last part of a link, or null if it has none. Mail programs may include the punctuation
 * around a link; it is ignored.
 */
export const tokenIn = (text: string): string | null =>
  /^([\w-]{43})[.,;:>)\]}"'\s]*$/.exec(text)?.[1] ?? null;

/** What an unsubscribe link with this token applies to. */
export type TokenScope = {
  readonly token: string;
  readonly userId: string;
  /** `*` is every type. */
  readonly eventType: string;
  readonly emailId: string;
  readonly round: number;
};

/**
 * Stores tokens as hashes, so that reading the table does not allow anyone to use them. The token of an
 * e-mail that is composed again replaces the one of the same round, which was not sent.
 */
export async function keepTokens(tx: Tx, scopes: readonly TokenScope[], now: Date): Promise<void> {
  if (scopes.length === 0) return;
  await tx.execute(
    sql`insert into unsubscribe_tokens (token_hash, user_id, event_type, channel, email_id, round, created_at)
        select t.hash, t.user_id, t.event_type, 'email', t.email_id, t.round, ${now}::timestamptz
        from unnest(${array(scopes.map(({ token }) => hashOf(token)))}::bytea[], ${array(scopes.map(({ userId }) => userId))}::bigint[],
                    ${array(scopes.map(({ eventType }) => eventType))}::text[], ${array(scopes.map(({ emailId }) => emailId))}::bigint[],
                    ${array(scopes.map(({ round }) => round))}::int[])
          as t(hash, user_id, event_type, email_id, round)
        on conflict (email_id, round) do update set
          token_hash = excluded.token_hash, event_type = excluded.event_type, created_at = excluded.created_at`,
  );
}

export type KnownToken = {
  readonly userId: string;
  readonly eventType: string;
  readonly isUsed: boolean;
  /** The language tag of the user. */
  readonly language: string | null;
};

/** Looks up a token. @returns null if it is unknown or was revoked. */
export async function lookUpToken(on: Queryable, token: string): Promise<KnownToken | null> {
  const [found] = await rows<KnownToken>(
    on,
    sql`select t.user_id as "userId", t.event_type as "eventType", t.used_at is not null as "isUsed", ${tagIn("u.language")} as language
        from unsubscribe_tokens t left join users u on u.id = t.user_id
        where t.token_hash = ${hashOf(token)} and t.revoked_at is null`,
  );
  return found ?? null;
}

/**
 * Unsubscribes the user of a token from e-mail of its type, or (`*`) from all e-mail but must-send. May be
 * repeated.
 * @returns what was stopped, or null if the token is unknown or was revoked.
 */
export async function unsubscribe(tx: Tx, token: string, now: Date): Promise<KnownToken | null> {
  const known = await lookUpToken(tx, token);
  if (known === null) return null;
  const { userId, eventType } = known;
  await tx.execute(
    sql`update unsubscribe_tokens set used_at = coalesce(used_at, ${now}::timestamptz) where token_hash = ${hashOf(token)}`,
  );
  await addUnsubscriptions(tx, userId, [eventType], now);
  return known;
}
