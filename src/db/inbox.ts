import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import type { inbox } from "./schema/intake.ts";
import { array, prepared, type Queryable, rows } from "./statement.ts";
import type { Tx } from "./transaction.ts";

/**
 * An authentic message from outside, as it arrived. It is kept with its bytes, so that its signature can be
 * checked again years later.
 */
export type InboxMessage = {
  readonly source: string;
  readonly raw: Buffer;
  readonly signature: string | null;
  /** The fingerprint of the secret that signed it. */
  readonly secretId: string | null;
  readonly receivedAt: Date;
};

/** The source of messages with domain events: each carries several, with receipts of their own. */
export const EVENTS_SOURCE = "domain_events";

/** The sources of messages about money. They are kept forever. */
export const MONEY_SOURCES = ["scicent", "scicent_refund"] as const;

/** A message with an id of its sender. */
export type KeyedMessage = InboxMessage & { readonly externalId: string };

/**
 * Accepted once under each key; a later message with the key is a duplicate (same values) or a conflict
 * (other values).
 */
export type InboxStatus = Exclude<(typeof inbox.$inferSelect)["outcome"], "rejected">;

/** Identifies a message: the source and the sender's id. */
export const messageKey = ({ source, externalId }: Pick<KeyedMessage, "source" | "externalId">): string =>
  `${source}\n${externalId}`;

/** The first message with each key, sorted by key so that two groups with the same keys cannot deadlock. */
export function firstOfEachKey<M extends KeyedMessage>(messages: readonly M[]): M[] {
  const firsts = new Map<string, M>();
  for (const message of messages) {
    const key = messageKey(message);
    if (!firsts.has(key)) firsts.set(key, message);
  }
  return [...firsts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, message]) => message);
}

/**
 * Accepts the messages whose key is free.
 *
 * @param messages each with a key of its own, in the order of `firstOfEachKey`.
 * @returns the inbox ids of those accepted, by key.
 */
export async function acceptMessages(
  tx: Tx,
  messages: readonly KeyedMessage[],
): Promise<Map<string, string>> {
  const accepted = await rows<{ id: string; source: string; externalId: string }>(
    tx,
    prepared`insert into inbox (source, external_id, outcome, raw, raw_hash, signature, secret_id, received_at)
        select m.source, m.external_id, 'accepted', m.raw, m.raw_hash, m.signature, m.secret_id, m.received_at
        from unnest(${array(messages.map((m) => m.source))}::text[], ${array(messages.map((m) => m.externalId))}::text[],
                    ${array(messages.map((m) => m.raw))}::bytea[], ${array(messages.map((m) => hashOf(m.raw)))}::bytea[],
                    ${array(messages.map((m) => m.signature))}::text[], ${array(messages.map((m) => m.secretId))}::text[],
                    ${array(messages.map((m) => m.receivedAt.toISOString()))}::timestamptz[])
             as m(source, external_id, raw, raw_hash, signature, secret_id, received_at)
        on conflict (source, external_id) do nothing
        returning id, source, external_id as "externalId"`,
  );
  return new Map(accepted.map((row) => [messageKey(row), row.id]));
}

/** A message whose key was taken before, and the inbox id of the message that took it. */
export type RepeatedMessage = {
  readonly message: InboxMessage;
  readonly status: Exclude<InboxStatus, "accepted">;
  readonly firstId: string;
};

/**
 * Records duplicates and conflicts, so that every message ends in exactly one outcome. They hold no key. Of a
 * duplicate the hash is kept, not the body: the accepted message has the same values.
 */
export async function recordRepeats(tx: Tx, repeats: readonly RepeatedMessage[]): Promise<void> {
  if (repeats.length === 0) return;
  await tx.execute(
    sql`insert into inbox (source, outcome, first_id, raw, raw_hash, signature, secret_id, received_at)
        select * from unnest(
          ${array(repeats.map((r) => r.message.source))}::text[], ${array(repeats.map((r) => r.status))}::text[],
          ${array(repeats.map((r) => r.firstId))}::bigint[], ${array(repeats.map(bodyOf))}::bytea[],
          ${array(repeats.map((r) => hashOf(r.message.raw)))}::bytea[], ${array(repeats.map((r) => r.message.signature))}::text[],
          ${array(repeats.map((r) => r.message.secretId))}::text[],
          ${array(repeats.map((r) => r.message.receivedAt.toISOString()))}::timestamptz[])`,
  );
}

const bodyOf = ({ message, status }: RepeatedMessage): Buffer | null =>
  status === "duplicate" ? null : message.raw;

/**
 * Records a message without a key under an id that was drawn before, for one that carries several items with
 * keys of their own.
 */
export async function recordMessage(
  tx: Tx,
  id: string,
  status: InboxStatus | "rejected",
  {
    source,
    raw,
    signature,
    secretId,
    receivedAt,
    faults,
  }: InboxMessage & { readonly faults: readonly unknown[] },
): Promise<void> {
  const stored = faults.length === 0 ? null : JSON.stringify(faults);
  await tx.execute(
    sql`insert into inbox (id, source, outcome, raw, raw_hash, signature, secret_id, faults, received_at)
        values (${id}, ${source}, ${status}, ${status === "duplicate" ? null : raw}, ${hashOf(raw)}, ${signature}, ${secretId}, ${stored}::jsonb,
                ${receivedAt}::timestamptz)`,
  );
}

/**
 * Records an authentic message that cannot be read. It holds no key, so a corrected one can be accepted. A
 * sender that keeps repeating one adds rows without a body, which refer to the first and are deleted after
 * INBOX_DAYS.
 */
export async function rejectMessage(
  on: Queryable,
  { source, raw, signature, secretId, receivedAt, faults }: InboxMessage & { readonly faults: unknown },
): Promise<void> {
  await on.execute(
    sql`insert into inbox (source, outcome, first_id, raw, raw_hash, signature, secret_id, faults, received_at)
        select m.source, 'rejected', e.id, case when e.id is null then m.raw end, m.raw_hash, ${signature}, ${secretId}, ${JSON.stringify(faults)}::jsonb,
               ${receivedAt}::timestamptz
        from (select ${source}::text as source, ${raw}::bytea as raw, ${hashOf(raw)}::bytea as raw_hash) m
        left join lateral (
          select i.id from inbox i
          where i.outcome = 'rejected' and i.raw is not null and i.raw_hash = m.raw_hash and i.source = m.source
          order by i.id limit 1) e on true`,
  );
}

const hashOf = (raw: Buffer): Buffer => createHash("sha256").update(raw).digest();
