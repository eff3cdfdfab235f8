import { sql } from "drizzle-orm";
import type { Registry } from "prom-client";
import { array, type Queryable, rows } from "../db/statement.ts";
import { groupBy } from "../group-by.ts";
import { addRuleCounts, type RuleCount } from "./alert-counts.ts";
import { type CounterCondition, type Growth, isAbout } from "./condition.ts";
import type { AlertRule } from "./rule.ts";

// Counters are in the memory of each process. The history that the rules need is added up in Postgres, so
// that any process knows the counts of all of them.

/** A rule about the growth of a counter. */
type CounterRule = AlertRule & { readonly condition: CounterCondition };

export const isAboutCounter = (rule: AlertRule): rule is CounterRule => "counter" in rule.condition;

/** Adds what the counters of this process have grown to the table `alert_counts`. */
export type CounterHistory = {
  /** Writes the counts since the last successful call; runs no statement if there are none. */
  write(on: Queryable): Promise<void>;
};

/** Begins with counters at 0, as in a process that starts. */
export function createCounterHistory(registry: Registry, rules: readonly AlertRule[]): CounterHistory {
  const counted = rules.filter(isAboutCounter);
  let written = new Map<string, RuleCount>();
  return {
    async write(on) {
      const now = new Map(
        (await Promise.all(counted.map((rule) => countsOf(rule, registry))))
          .flat()
          .map((count) => [`${count.rule} ${count.label}`, count]),
      );
      const grownBy = [...now].flatMap(([key, { rule, label, counted: after, total }]): RuleCount[] => {
        const { counted: before = 0, total: totalBefore = 0 } = written.get(key) ?? {};
        const growth = { rule, label, counted: after - before, total: total - totalBefore };
        return growth.total > 0 ? [growth] : [];
      });
      if (grownBy.length > 0) await addRuleCounts(on, grownBy);
      written = now;
    },
  };
}

/** The counters of this process, added up as the rule requires. */
async function countsOf({ name, condition }: CounterRule, registry: Registry): Promise<RuleCount[]> {
  const { counter, by, above } = condition;
  const { values } = (await registry.getSingleMetric(counter)?.get()) ?? { values: [] };
  const sums = new Map<string, RuleCount>();
  for (const { labels, value, metricName = counter } of values as SeriesValue[]) {
    if (!isAbout(condition, labels)) continue;
    const label = by === undefined ? "" : String(labels[by] ?? "");
    const { counted, total } = sums.get(label) ?? { counted: 0, total: 0 };
    const isTotal = above === undefined || metricName === `${counter}_count`;
    const isBelow = metricName === `${counter}_bucket` && labels["le"] === above;
    if (!isTotal && !isBelow) continue;
    sums.set(label, {
      rule: name,
      label,
      counted: counted + (isTotal ? value : -value),
      total: total + (isTotal ? value : 0),
    });
  }
  return [...sums.values()];
}

/** A value as prom-client returns it; those of a histogram have names of their own. */
type SeriesValue = {
  readonly labels: Readonly<Record<string, string>> & { readonly le?: number };
  readonly value: number;
  readonly metricName?: string;
};

/**
 * The counts of all processes for the rules, each within its time span, which may begin up to a minute
 * earlier: counts are kept by the minute.
 */
export async function readGrowth(
  on: Queryable,
  rules: readonly AlertRule[],
): Promise<ReadonlyMap<string, readonly Growth[]>> {
  const asked = rules.filter(isAboutCounter);
  const found = await rows<RuleCount>(
    on,
    sql`select w.rule, c.label, sum(c.counted)::float8 as counted, sum(c.total)::float8 as total
        from unnest(${array(asked.map(({ name }) => name))}::text[],
                    ${array(asked.map(({ condition }) => condition.withinSeconds))}::int[]) as w(rule, seconds)
        join alert_counts c on c.rule = w.rule and c.minute > now() - (w.seconds + 60) * interval '1 second'
        group by 1, 2 order by 1, 2`,
  );
  return groupBy(found, ({ rule }) => rule);
}
