import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";

/** What becomes one e-mail. */
export type Content = {
  readonly userId: string;
  readonly deliveryId: string | null;
  readonly digestId: string | null;
};

/** A batch whose members will not change any more. */
export type FrozenBatch = { readonly batchId: string; readonly users: readonly string[] };

/**
 * Makes e-mails of contents, and batches of e-mails. A content that has an e-mail already gets no other one, so that whoever comes
 * second freezes nothing.
 */
export async function freezeEmails(
  tx: Tx,
  contents: readonly Content[],
  batchSize: number,
): Promise<FrozenBatch[]> {
  if (contents.length === 0) return [];
  const count = Math.ceil(contents.length / batchSize);
  const batches = await rows<{ id: string }>(
    tx,
    sql`insert into email_batches (created_at) select now() from generate_series(1, ${count}) returning id`,
  );
  const batchOf = (index: number) => batches[Math.floor(index / batchSize)]?.id ?? null;
  const frozen = await rows<{ batchId: string; userId: string }>(
    tx,
    sql`insert into emails (batch_id, user_id, delivery_id, digest_id)
        select * from unnest(${array(contents.map((_, index) => batchOf(index)))}::bigint[],
                             ${array(contents.map(({ userId }) => userId))}::bigint[],
                             ${array(contents.map(({ deliveryId }) => deliveryId))}::bigint[],
                             ${array(contents.map(({ digestId }) => digestId))}::bigint[])
        on conflict do nothing
        returning batch_id as "batchId", user_id as "userId"`,
  );
  const users = new Map<string, string[]>();
  for (const { batchId, userId } of frozen) users.set(batchId, [...(users.get(batchId) ?? []), userId]);
  return [...users].map(([batchId, members]) => ({ batchId, users: members }));
}
