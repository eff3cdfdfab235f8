import { sql } from "drizzle-orm";
import type { Registry } from "prom-client";
import { array, type Queryable, rows } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";
import { addRuleCounts } from "./alert-counts.ts";
import { type GaugeCondition, holding, type Series } from "./condition.ts";
import { seriesOf } from "./metric-series.ts";
import type { AlertRule } from "./rule.ts";

// Gauges such as the delay of the event loop are known to their process alone. Each process looks at its own
// and adds to Postgres that a condition held, so that any process knows the alerts of all of them.

/** A rule about a gauge that each process measures for itself. */
type ProcessRule = AlertRule & { readonly condition: GaugeCondition };

export const isOfProcess = (rule: AlertRule): rule is ProcessRule =>
  "gauge" in rule.condition && rule.condition.ofProcess === true;

/** The alerts about single processes have this label, unless their rule groups by another one. */
const PROCESS_LABEL = "process";

/** Adds the conditions that hold in this process to the table `alert_counts`. */
export type ProcessHistory = {
  /** Looks at the gauges once; runs no statement if no condition holds. */
  write(on: Queryable): Promise<void>;
};

/** @param name names this process in the alerts. */
export function createProcessHistory(
  registry: Registry,
  rules: readonly AlertRule[],
  name: string,
): ProcessHistory {
  const looked = rules.filter(isOfProcess);
  return {
    async write(on) {
      const byRule = await Promise.all(
        looked.map(async ({ name: rule, condition }) =>
          holding(condition, await seriesOf(registry, condition.gauge)).map(({ labels, value }) => ({
            rule,
            label: condition.by === undefined ? name : (labels[condition.by] ?? ""),
            counted: 1,
            total: Math.round(value * THOUSANDTHS),
          })),
        ),
      );
      const held = byRule.flat();
      if (held.length > 0) await addRuleCounts(on, held);
    },
  };
}

/** Values are added up as integers. */
const THOUSANDTHS = 1_000;

/** A condition that holds in a process, with its mean value of the last minute. */
export type Held = Series & {
  /** For how long it has held, by the minute, at most two hours. */
  readonly heldMs: number;
};

/**
 * A process looks every 15 s. One minute may be missing: a process whose event loop is blocked is late, and
 * Postgres may have been away.
 */
const LONGEST_GAP = sql.raw("interval '2 minutes'");

/** The conditions that held in any process within the last minute or two, by rule. */
export async function readHeld(
  on: Queryable,
  rules: readonly AlertRule[],
): Promise<ReadonlyMap<string, readonly Held[]>> {
  const looked = rules.filter(isOfProcess);
  const found = await rows<{ rule: string; label: string; heldMs: number; value: number }>(
    on,
    sql`with step as (
          select rule, label, minute, total / ${THOUSANDTHS}::float8 / counted as value,
                 coalesce(lag(minute) over newest, now()) - minute > ${LONGEST_GAP} as "isBroken"
          from alert_counts where rule = any(${array(looked.map(({ name }) => name))}::text[])
          window newest as (partition by rule, label order by minute desc)),
        unbroken as (
          select *, bool_or("isBroken") over (partition by rule, label order by minute desc) as "isOver" from step)
        select rule, label, extract(epoch from now() - min(minute))::float8 * 1000 as "heldMs",
               (array_agg(value order by minute desc))[1] as value
        from unbroken where not "isOver" group by rule, label order by rule, label`,
  );
  const byRule = groupBy(found, ({ rule }) => rule);
  return new Map(
    looked.map(({ name, condition: { by = PROCESS_LABEL } }) => [
      name,
      (byRule.get(name) ?? []).map(({ label, heldMs, value }) => ({
        labels: { [by]: label },
        heldMs,
        value,
      })),
    ]),
  );
}
