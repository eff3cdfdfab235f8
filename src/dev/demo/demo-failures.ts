import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { followRun, startRun } from "../../queues/manual-runs.ts";
import { distributeBudget } from "../../workers/budgets/distribute-budget.ts";

const LIMIT_MS = 60_000;

/** An organization has an unknown time zone: its budget becomes a dead letter. */
export async function leaveADeadLetter(db: Database): Promise<void> {
  const run = await inTransaction(db, async (tx) => {
    const [organization] = await rows<{ id: string }>(
      tx,
      sql`insert into organizations (name, time_zone) values ('Demo: Atlantis', 'Europe/Atlantis') returning id`,
    );
    return startRun(tx, distributeBudget, { period: "weekly", organizationId: organization?.id });
  });
  await followRun(db, run, () => undefined, AbortSignal.timeout(LIMIT_MS));
}

/** The work that waits for an operator: dead letters, and sales on hold. */
export async function openCases(db: Database): Promise<{ deadLetters: number; heldSales: number }> {
  const [open] = await rows<{ deadLetters: number; heldSales: number }>(
    db.drizzle,
    sql`select (select count(*) from outbox where dead_at is not null)::int as "deadLetters",
               (select count(*) from token_sales where status = 'held')::int as "heldSales"`,
  );
  return open ?? { deadLetters: 0, heldSales: 0 };
}
