import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { assignedVariant, DIGEST_SUBJECT } from "./render/experiments.ts";

/**
 * The variant of the digest subject for each of these users. Users keep the variant that they saw first, even
 * if the shares change later.
 */
export async function variantFor(tx: Tx, userIds: readonly string[]): Promise<(userId: string) => string> {
  const found = await rows<{ userId: string; variant: string }>(
    tx,
    sql`select user_id as "userId", variant from experiment_exposures
        where experiment = ${DIGEST_SUBJECT.name} and user_id = any(${array(userIds)}::bigint[])`,
  );
  const current = new Set<string>(DIGEST_SUBJECT.variants.map(({ name }) => name));
  const seen = new Map(
    found.filter(({ variant }) => current.has(variant)).map(({ userId, variant }) => [userId, variant]),
  );
  return (userId) => seen.get(userId) ?? assignedVariant(DIGEST_SUBJECT, userId);
}
