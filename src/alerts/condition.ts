/**
 * When an alert rule holds. A condition on a gauge is evaluated by Prometheus and by the dashboard from the
 * same fields; one that needs the history of a counter is an expression for Prometheus.
 */
export type Condition = GaugeCondition | ExpressionCondition;

/** Compares each value of a gauge, or the greatest or least one of each group, with a threshold. */
export type GaugeCondition = {
  readonly gauge: string;
  /** Labels that a series must have. */
  readonly where?: Readonly<Record<string, string>>;
  /** Groups the series by this label. */
  readonly by?: string;
  /** `max` and `min` over the processes, which report the same; `abs` and `each` are per process. */
  readonly take: "max" | "min" | "abs" | "each";
  readonly is: ">" | "==";
  readonly threshold: number;
  /**
   * Whether the value is an age in seconds, which grows by itself: it tells how long the condition has held.
   */
  readonly isAge?: true;
};

export type ExpressionCondition = {
  /** PromQL. */
  readonly expression: string;
  /** The same for the dashboard, if Postgres knows it at little cost: one row with the column `holds`. */
  readonly sql?: string;
};

/** A series of a gauge. */
export type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** The condition in PromQL. */
export function promQl(condition: Condition): string {
  if ("expression" in condition) return condition.expression;
  const { gauge, where = {}, by, take, is, threshold } = condition;
  const labels = Object.entries(where).map(([label, value]) => `${label}="${value}"`);
  const series = labels.length > 0 ? `${gauge}{${labels.join(",")}}` : gauge;
  const taken = take === "each" ? series : `${take}${by === undefined ? "" : ` by (${by}) `}(${series})`;
  return `${taken} ${is} ${threshold}`;
}

/** The series, or groups of series, for which a condition holds. */
export function holding(condition: GaugeCondition, series: readonly Series[]): Series[] {
  const { where = {}, by, take, is, threshold } = condition;
  const chosen = series.filter(({ labels }) =>
    Object.entries(where).every(([label, value]) => labels[label] === value),
  );
  const groups = new Map<string, Series>();
  for (const { labels, value } of chosen) {
    const own =
      take === "each" || take === "abs" ? labels : by === undefined ? {} : { [by]: labels[by] ?? "" };
    const key = JSON.stringify(own);
    const before = groups.get(key)?.value;
    groups.set(key, {
      labels: own,
      value: before === undefined ? value : Math[take === "min" ? "min" : "max"](before, value),
    });
  }
  return [...groups.values()].filter(({ value }) => {
    const compared = take === "abs" ? Math.abs(value) : value;
    return is === ">" ? compared > threshold : compared === threshold;
  });
}
