import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { CHECK_NAMES, CHECKS, type Invariant, type Within } from "./invariants.ts";

/** A check over the ids in [from, to): of its own table, or of ledger transactions that touched its rows. */
export const verifyRange = z.object({
  check: z.enum(CHECK_NAMES),
  by: z.enum(["id", "transaction"]),
  from: z.string(),
  to: z.string(),
});
export type VerifyRange = z.infer<typeof verifyRange>;

/** The end of the ids that a verification covered, by table. */
export type Coverage = Readonly<Record<string, string>>;

const TRANSACTIONS: Invariant = CHECKS.transactions;
const TOUCHING_TRANSACTIONS = 2_000;
/** Ids are drawn before their transactions commit, so the last ones are checked again. */
const OVERLAP = 1_000n;

/**
 * Cuts every check into ranges of ids that take a second or two each.
 *
 * @param since the ids that an earlier verification covered: only newer ones are cut. Null: everything.
 */
export async function cutChecks(
  tx: Tx,
  since: Coverage | null = null,
): Promise<{ readonly ranges: VerifyRange[]; readonly covers: Coverage }> {
  const ranges: VerifyRange[] = [];
  const covers: Record<string, string> = {};
  for (const check of CHECK_NAMES) {
    const declared: Invariant = CHECKS[check];
    const { table, size, by } = spanOf(declared, since);
    if (table === null) continue;
    const span = await idsOf(tx, table);
    if (span === null) continue;
    covers[table] = String(span.end);
    const begin = since?.[table] === undefined ? span.begin : BigInt(since[table]) - OVERLAP;
    for (let from = begin > span.begin ? begin : span.begin; from < span.end; from += BigInt(size)) {
      const to = from + BigInt(size) < span.end ? from + BigInt(size) : span.end;
      ranges.push({ check, by, from: String(from), to: String(to) });
    }
  }
  return { ranges, covers };
}

function spanOf(
  { news, table, size }: Invariant,
  since: Coverage | null,
): { readonly table: string | null; readonly size: number; readonly by: VerifyRange["by"] } {
  if (since === null || news === "rows") return { table, size, by: "id" };
  if (news === "nothing") return { table: null, size, by: "id" };
  return { table: TRANSACTIONS.table, size: TOUCHING_TRANSACTIONS, by: "transaction" };
}

async function idsOf(
  tx: Tx,
  table: string,
): Promise<{ readonly begin: bigint; readonly end: bigint } | null> {
  const [span] = await rows<{ least: string | null; most: string | null }>(
    tx,
    sql`select min(id) as least, max(id) as most from ${sql.identifier(table)}`,
  );
  return span?.least && span.most ? { begin: BigInt(span.least), end: BigInt(span.most) + 1n } : null;
}

const FAULTS_KEPT = 100;

/** @returns the ids that violate the invariant, at most the first hundred of the range. */
export async function findViolations(tx: Tx, { check, by, from, to }: VerifyRange): Promise<string[]> {
  const { faults, touched }: Invariant = CHECKS[check];
  const within: Within =
    by === "transaction" && touched
      ? (id) => sql`${id} in (${touched(from, to)})`
      : (id) => sql`${id} >= ${from} and ${id} < ${to}`;
  // A range is small and every lookup has an index. With stale statistics the planner would scan whole tables
  // per row.
  await tx.execute(sql`set local enable_seqscan = off`);
  const found = await rows<{ id: string }>(
    tx,
    sql`select id from (${faults(within)}) as fault order by id limit ${FAULTS_KEPT}`,
  );
  return found.map((row) => row.id);
}
