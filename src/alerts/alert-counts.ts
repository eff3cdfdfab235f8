import { sql } from "drizzle-orm";
import { array, type Queryable } from "../db/statement.ts";
import type { Growth } from "./condition.ts";

/** A count of a rule and a label. */
export type RuleCount = Growth & { readonly rule: string };

/** Twice the longest time that a rule looks back. */
const KEPT = "interval '2 hours'";

/**
 * Adds counts to the row of the minute of each rule and label, in the order of the key, so that two processes
 * cannot deadlock.
 */
export async function addRuleCounts(on: Queryable, counts: readonly RuleCount[]): Promise<void> {
  const column = (name: keyof RuleCount) => array(counts.map((row) => row[name]));
  await on.execute(
    sql`with old as (delete from alert_counts where minute < now() - ${sql.raw(KEPT)})
        insert into alert_counts as a (minute, rule, label, counted, total)
        select date_trunc('minute', now()), rule, label, counted, total
        from unnest(${column("rule")}::text[], ${column("label")}::text[], ${column("counted")}::bigint[],
          ${column("total")}::bigint[]) as c(rule, label, counted, total) order by rule, label
        on conflict (minute, rule, label) do update set counted = a.counted + excluded.counted, total = a.total + excluded.total`,
  );
}
