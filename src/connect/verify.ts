import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { compareMirror } from "./compare.ts";
import { type Mirror, noteKeys, readMirrors } from "./installed.ts";

/** The result of the verification of one mirror. */
export type Verified = {
  readonly mirror: string;
  /** Rows of the host that were compared. */
  readonly rows: number;
  /** Keys whose rows differ, at most MAX_LISTED of them. */
  readonly differing: readonly string[];
  readonly count: number;
};

export type VerifyOptions = {
  /** Only these mirrors; default: all. */
  readonly mirrors?: readonly string[];
  /** Records the rows that differ, so that the running workers copy them. */
  readonly repair?: boolean;
  /** For the audit log. */
  readonly actor: string;
  /** Brings the mirrors up to date before rows that differ are compared again. */
  catchUp(): Promise<unknown>;
  /** Receives the rows of a mirror that were compared so far. */
  onProgress?(mirror: string, rows: number): void;
};

const MAX_LISTED = 100;

/**
 * Compares every row of mirrors with its select, and so finds changes that no trigger could record. Mirrors
 * that are stopped, or of records, are left out.
 */
export async function compareMirrors(db: Database, options: VerifyOptions): Promise<Verified[]> {
  const installed = (await readMirrors(db.drizzle)).filter(
    ({ stopped, ofRecords }) => !stopped && !ofRecords,
  );
  const chosen = installed.filter(({ table }) => options.mirrors?.includes(table) ?? true);
  const verified: Verified[] = [];
  for (const mirror of chosen) verified.push(await verifyMirror(db, mirror, options));
  return verified;
}

async function verifyMirror(db: Database, mirror: Mirror, options: VerifyOptions): Promise<Verified> {
  const { table } = mirror;
  const { rows, differing } = await compareMirror(mirror, {
    read: (work) => inTransaction(db, work),
    catchUp: options.catchUp,
    onProgress: (compared) => options.onProgress?.(table, compared),
  });
  if (options.repair === true && differing.length > 0) {
    await inTransaction(db, async (tx) => {
      await noteKeys(tx, table, differing);
      await audit(tx, {
        actor: options.actor,
        action: "mirror.repair",
        subject: `mirrors:${table}`,
        details: { rows: differing.length },
      });
    });
  }
  return { mirror: table, rows, differing: differing.slice(0, MAX_LISTED), count: differing.length };
}
