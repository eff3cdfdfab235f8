import { sql } from "drizzle-orm";
import { databaseFault } from "../database-fault.ts";
import type { Database } from "./client.ts";
import { isDatabaseUnfit } from "./faults.ts";
import { inTransaction } from "./transaction.ts";

const REASONS: Readonly<Record<string, string>> = {
  "25006": "read-only",
  "53100": "full: there is no space on its disk (53100)",
  "53200": "out of memory (53200)",
  "58030": "cannot read or write its disk (58030)",
};

/** Rolls the probe back. */
class Probed extends Error {}

/**
 * Why the server cannot write, or null. It is asked by a write only after it has refused one, so that a
 * healthy server is not written to by health checks. The row needs new pages, since those there are may have
 * room while the disk has none.
 */
export async function writeRefusal(db: Database): Promise<string | null> {
  if (db.refusedWrites.code() === null) return null;
  try {
    await inTransaction(db, async (tx) => {
      await tx.execute(
        sql`insert into outbox (queue, job, key, payload)
            select 'maintenance', 'write-probe', gen_random_uuid()::text,
                   jsonb_build_object('filler', (select string_agg(md5(random()::text), '') from generate_series(1, 800)))`,
      );
      throw new Probed();
    });
  } catch (error) {
    if (isDatabaseUnfit(error)) return reasonOf(databaseFault(error)?.code ?? "");
    if (!(error instanceof Probed)) throw error;
  }
  db.refusedWrites.clear();
  return null;
}

const reasonOf = (code: string): string => REASONS[code] ?? `cannot write (${code})`;
