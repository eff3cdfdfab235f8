/**
 * When an alert rule holds. Conditions on gauges and on the growth of counters are evaluated by Prometheus
 * and by the dashboard, from the same fields.
 */
export type Condition = GaugeCondition | CounterCondition | PrometheusCondition;

type Labels = Readonly<Record<string, string>>;
type Excluded = Readonly<Record<string, readonly string[]>>;

/** Compares each value of a gauge, or the greatest or least one of each group, with a threshold. */
export type GaugeCondition = {
  readonly gauge: string;
  /** Labels that a series must have. */
  readonly where?: Labels;
  /** Groups the series by this label. */
  readonly by?: string;
  /** `max` and `min` over the processes, which report the same; `abs` and `each` are per process. */
  readonly take: "max" | "min" | "abs" | "each";
  readonly is: ">" | "==";
  readonly threshold: number;
  /**
   * Whether the value is an age in seconds, which grows by itself and so shows how long the condition has
   * held.
   */
  readonly isAge?: true;
  /**
   * Whether each process measures it for itself, so that without `by` an alert is about one process. All
   * other gauges are measured in Postgres and Redis, with the same result in every process.
   */
  readonly ofProcess?: true;
};

/** Compares how much a counter, or the observations of a histogram, grew within a time, in all processes. */
export type CounterCondition = {
  readonly counter: string;
  /** Labels that a series must have. */
  readonly where?: Labels;
  /** The values that a label must not have. */
  readonly whereNot?: Excluded;
  /** Adds up the series of each value of this label; all of them without it. */
  readonly by?: string;
  /** Of a histogram: only observations above this bound of a bucket. */
  readonly above?: number;
  readonly withinSeconds: number;
  /** The share is that of the observations above the bound in all observations. */
  readonly as: "number" | "per-second" | "share";
  /** The condition holds above it. */
  readonly threshold: number;
};

/** A condition that only Prometheus can evaluate. */
export type PrometheusCondition = {
  /** PromQL. */
  readonly expression: string;
  /** Why the dashboard cannot evaluate it, as a clause. */
  readonly because: string;
};

/** A series of a gauge. */
export type Series = { readonly labels: Labels; readonly value: number };

/** The condition in PromQL. */
export function promQl(condition: Condition): string {
  if ("expression" in condition) return condition.expression;
  return "gauge" in condition ? gaugePromQl(condition) : counterPromQl(condition);
}

function gaugePromQl({ gauge, where = {}, by, take, is, threshold }: GaugeCondition): string {
  const series = `${gauge}${selector(where)}`;
  const taken = take === "each" ? series : `${take}${by === undefined ? "" : ` by (${by}) `}(${series})`;
  return `${taken} ${is} ${threshold}`;
}

function counterPromQl(condition: CounterCondition): string {
  const { counter, where = {}, whereNot = {}, by, above, withinSeconds, as, threshold } = condition;
  const sum = (growth: "increase" | "rate", name: string, bucket: Labels = {}) => {
    const series = `${name}${selector({ ...where, ...bucket }, whereNot)}[${withinSeconds / 60}m]`;
    return `sum${by === undefined ? "" : ` by (${by}) `}(${growth}(${series}))`;
  };
  if (above === undefined) return `${sum(as === "per-second" ? "rate" : "increase", counter)} > ${threshold}`;
  const all = sum("increase", `${counter}_count`);
  const beyond = `${all} - ${sum("increase", `${counter}_bucket`, { le: String(above) })}`;
  return as === "share" ? `(${beyond}) / ${all} > ${threshold}` : `${beyond} > ${threshold}`;
}

function selector(where: Labels, whereNot: Excluded = {}): string {
  const parts = [
    ...Object.entries(where).map(([label, value]) => `${label}="${value}"`),
    ...Object.entries(whereNot).map(([label, values]) => `${label}!~"${values.join("|")}"`),
  ];
  return parts.length > 0 ? `{${parts.join(",")}}` : "";
}

/** Whether a series has the labels of a condition. */
export const isAbout = (
  { where = {}, whereNot = {} }: { readonly where?: Labels; readonly whereNot?: Excluded },
  labels: Labels,
): boolean =>
  Object.entries(where).every(([label, value]) => labels[label] === value) &&
  Object.entries(whereNot).every(([label, values]) => !values.includes(labels[label] ?? ""));

/** The series, or groups of series, for which a condition holds. */
export function holding(condition: GaugeCondition, series: readonly Series[]): Series[] {
  const { by, take, is, threshold } = condition;
  const groups = new Map<string, Series>();
  for (const { labels, value } of series.filter((one) => isAbout(condition, one.labels))) {
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

/** How much the series of a condition grew within its time. */
export type Growth = {
  /** The value of the label that the condition groups by; empty without one. */
  readonly label: string;
  /** The growth; of a histogram, that of the observations above the bound. */
  readonly counted: number;
  /** Of a histogram, all observations. */
  readonly total: number;
};

/** The groups for which a condition on a counter holds. */
export function grown(
  { by, as, withinSeconds, threshold }: CounterCondition,
  all: readonly Growth[],
): Series[] {
  const unitOf = { number: 1, "per-second": withinSeconds } as const;
  return all
    .map(({ label, counted, total }) => ({
      labels: by === undefined ? {} : { [by]: label },
      value: as === "share" ? (total === 0 ? 0 : counted / total) : counted / unitOf[as],
    }))
    .filter(({ value }) => value > threshold);
}
