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

const UNDEFINED_TABLE = "42P01";

/** Rolls the probe back. */
class Probed extends Error {}

/**
 * Why the server cannot write, or null. It is probed with a write once after it or this process has started,
 * and after it has refused one, so that health checks do not write to a healthy server. The row needs new
 * pages, since existing ones may have room while the disk has none.
 *
 * @param server identifies the running server, such as by its start time.
 */
export async function writeRefusal(db: Database, server: string): Promise<string | null> {
  if (db.refusedWrites.isProven(server)) return null;
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
    const code = databaseFault(error)?.code ?? "";
    if (isDatabaseUnfit(error)) return reasonOf(code);
    // The table is not there yet: pending migrations are another check.
    if (code === UNDEFINED_TABLE) return null;
    if (!(error instanceof Probed)) throw error;
  }
  db.refusedWrites.prove(server);
  return null;
}

const reasonOf = (code: string): string => REASONS[code] ?? `cannot write (${code})`;
