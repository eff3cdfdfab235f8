import { sql } from "drizzle-orm";
import type { ledgerVerifications } from "../db/schema/rewards.ts";
import { type Queryable, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { Coverage } from "./verify.ts";

/** The scope of a verification of the ledger. */
export type VerificationScope = (typeof ledgerVerifications.$inferSelect)["scope"];

/** The range that the last verification without faults covered; null if there was none. */
export async function lastCoverage(on: Queryable): Promise<Coverage | null> {
  const [last] = await rows<{ covers: Coverage }>(
    on,
    sql`select covers from ledger_verifications where drift = 0 order by as_of desc limit 1`,
  );
  return last?.covers ?? null;
}

/** Records that a verification begins. `asOf` identifies it. */
export async function beginVerification(
  tx: Tx,
  asOf: Date,
  scope: VerificationScope,
  covers: Coverage,
): Promise<void> {
  // Earlier verifications covered everything that a verification of new data did not read.
  const before = scope === "new" ? await lastCoverage(tx) : null;
  await tx.execute(
    sql`insert into ledger_verifications (as_of, scope, covers)
        values (${asOf}, ${scope}, ${JSON.stringify({ ...before, ...covers })}::jsonb)
        on conflict (as_of) do update set scope = excluded.scope, covers = excluded.covers, drift = null`,
  );
}

/** Records how many faults a verification found. */
export async function endVerification(tx: Tx, asOf: Date, drift: number): Promise<void> {
  await tx.execute(sql`update ledger_verifications set drift = ${drift} where as_of = ${asOf}`);
}

export type VerificationState = {
  /** Faults that the last verifications found; null before the first. */
  readonly drift: number | null;
  /** Seconds since the last verification without faults began: of new data, and of everything. */
  readonly ages: readonly { readonly scope: VerificationScope; readonly seconds: number }[];
};

/** For the metrics. A full verification covers new rows as well. */
export async function verificationState(on: Queryable): Promise<VerificationState> {
  const [row] = await rows<{ drift: number | null; newSeconds: number | null; allSeconds: number | null }>(
    on,
    sql`select
          (select max(drift) from (
             select distinct on (scope) drift from ledger_verifications
             where drift is not null and as_of >= coalesce((
               select max(as_of) from ledger_verifications where scope = 'all' and drift is not null), '-infinity')
             order by scope, as_of desc) last) as drift,
          extract(epoch from now() - (select max(as_of) from ledger_verifications where drift = 0))::float8 as "newSeconds",
          extract(epoch from now() - (
            select max(as_of) from ledger_verifications where drift = 0 and scope = 'all'))::float8 as "allSeconds"`,
  );
  const ages = [
    { scope: "new" as const, seconds: row?.newSeconds ?? null },
    { scope: "all" as const, seconds: row?.allSeconds ?? null },
  ];
  return {
    drift: row?.drift ?? null,
    ages: ages.flatMap(({ scope, seconds }) => (seconds === null ? [] : [{ scope, seconds }])),
  };
}
