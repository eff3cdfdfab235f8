import { describe, expect, it } from "vitest";
import { holding, promQl } from "../../src/alerts/condition.ts";
import { ALERT_RULES } from "../../src/alerts/rules.ts";
import { alertRuleTable, prometheusRules } from "../../src/dev/docs/alerts.ts";
import { grafanaDashboard } from "../../src/dev/docs/grafana.ts";
import { createMetrics } from "../../src/metrics.ts";

type Declared = {
  readonly name: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  /** The bounds of the buckets of a histogram. */
  readonly upperBounds?: readonly number[];
};

const { registry } = createMetrics();
const declared = new Map(
  (registry.getMetricsAsArray() as unknown as Declared[]).map((metric) => [metric.name, metric]),
);

/** The metric of a series: those of a histogram have names of their own. */
function metricOf(series: string): Declared | undefined {
  const histogram = declared.get(series.replace(/_(bucket|count|sum)$/, ""));
  return histogram?.type === "histogram" && histogram.name !== series ? histogram : declared.get(series);
}

const seriesIn = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:commonwork|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name);

describe("the alert rules", () => {
  it.each(ALERT_RULES)("$name names metrics that exist, with their labels", ({ condition }) => {
    const expression = promQl(condition);
    const metrics = seriesIn(expression).map((name) => ({ name, metric: metricOf(name) }));
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter(({ metric }) => metric === undefined)).toEqual([]);
    const known = metrics.flatMap(({ metric }) => [...(metric?.labelNames ?? []), "le"]);
    const labels = [
      ...[...expression.matchAll(/([a-z_]+)(?:=|!~)"/g)].map(([, label]) => label),
      ...[...expression.matchAll(/by \(([a-z_, ]+)\)/g)].flatMap(([, list = ""]) => list.split(/, */)),
    ];
    for (const label of labels) expect(known).toContain(label);
    if ("gauge" in condition) expect(metrics[0]?.metric?.type).toBe("gauge");
    if ("counter" in condition) {
      const metric = metrics[0]?.metric;
      expect(metric?.type).toBe(condition.above === undefined ? "counter" : "histogram");
      if (condition.above !== undefined) expect(metric?.upperBounds).toContain(condition.above);
      // Counts are kept for two hours.
      expect(condition.withinSeconds).toBeLessThanOrEqual(3_600);
    }
  });

  it("have names of their own", () => {
    const names = ALERT_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("promQl", () => {
  const gauge = "g";
  const counter = "c";
  const within = { withinSeconds: 300 } as const;
  it.each([
    [{ gauge, take: "max", is: ">", threshold: 0 }, "max(g) > 0"],
    [{ gauge, where: { a: "x", b: "y" }, take: "max", is: ">", threshold: 1 }, 'max(g{a="x",b="y"}) > 1'],
    [{ gauge, by: "part", take: "min", is: "==", threshold: 0 }, "min by (part) (g) == 0"],
    [{ gauge, take: "abs", is: ">", threshold: 5 }, "abs(g) > 5"],
    [{ gauge, take: "each", is: ">", threshold: 0.5 }, "g > 0.5"],
    [{ counter, ...within, as: "number", threshold: 0 }, "sum(increase(c[5m])) > 0"],
    [
      {
        counter,
        where: { a: "x" },
        whereNot: { b: ["y", "z"] },
        by: "d",
        ...within,
        as: "per-second",
        threshold: 1,
      },
      'sum by (d) (rate(c{a="x",b!~"y|z"}[5m])) > 1',
    ],
    [
      { counter, by: "d", above: 0.1, ...within, as: "number", threshold: 3 },
      'sum by (d) (increase(c_count[5m])) - sum by (d) (increase(c_bucket{le="0.1"}[5m])) > 3',
    ],
    [
      { counter, above: 0.5, ...within, as: "share", threshold: 0.01 },
      '(sum(increase(c_count[5m])) - sum(increase(c_bucket{le="0.5"}[5m]))) / sum(increase(c_count[5m])) > 0.01',
    ],
  ] as const)("%j", (condition, expression) => {
    expect(promQl(condition)).toBe(expression);
  });
});

describe("holding", () => {
  const series = [
    { labels: { queue: "a", state: "due" }, value: 3 },
    { labels: { queue: "a", state: "dead" }, value: 7 },
    { labels: { queue: "b", state: "due" }, value: -9 },
  ];
  const gauge = "g";

  it("compares the greatest value of all series", () => {
    expect(holding({ gauge, take: "max", is: ">", threshold: 6 }, series)).toEqual([
      { labels: {}, value: 7 },
    ]);
    expect(holding({ gauge, take: "max", is: ">", threshold: 7 }, series)).toEqual([]);
  });

  it("compares each group, of the series with the labels", () => {
    const condition = { gauge, where: { state: "due" }, by: "queue", is: ">", threshold: -10 } as const;
    expect(holding({ ...condition, take: "max" }, series)).toEqual([
      { labels: { queue: "a" }, value: 3 },
      { labels: { queue: "b" }, value: -9 },
    ]);
    expect(holding({ gauge, by: "queue", take: "min", is: "==", threshold: 3 }, series)).toEqual([
      { labels: { queue: "a" }, value: 3 },
    ]);
  });

  it("compares each series, or its distance from 0", () => {
    expect(holding({ gauge, take: "each", is: ">", threshold: 3 }, series)).toEqual([series[1]]);
    expect(holding({ gauge, take: "abs", is: ">", threshold: 7 }, series)).toEqual([series[2]]);
  });

  it("does not hold without series, as in Prometheus", () => {
    expect(holding({ gauge, take: "max", is: ">", threshold: -1 }, [])).toEqual([]);
    expect(holding({ gauge, by: "part", take: "min", is: "==", threshold: 0 }, [])).toEqual([]);
  });
});

describe("the generated files", () => {
  const rule = {
    name: "Odd",
    condition: { gauge: "commonwork_ledger_drift", take: "max", is: ">", threshold: 4 },
    forSeconds: 7_200,
    severity: "page",
    meaning: "It's odd: `a|b`.",
    action: "See [the page](servers.md#x).",
  } as const;

  it("escape special characters of YAML and Markdown", () => {
    expect(prometheusRules([rule])).toContain("summary: 'It''s odd: a|b.'\n");
    expect(prometheusRules([rule])).toContain("description: 'See the page.'\n");
    expect(prometheusRules([rule])).toContain("for: 120m\n");
    expect(alertRuleTable([rule])).toContain(
      "| `Odd` | `max(commonwork_ledger_drift) > 4` | 2 h | page | It's odd: `a\\|b`. See [the page](servers.md#x). |",
    );
  });

  it("the dashboard has a panel for each metric, with the thresholds of its alerts", () => {
    const dashboard = JSON.parse(grafanaDashboard([rule])) as {
      panels: { id: number; title: string; targets?: { expr: string }[]; fieldConfig?: unknown }[];
    };
    const titles = dashboard.panels.map(({ title }) => title);
    const own = [...declared.keys()].filter((name) => name.startsWith("commonwork_"));
    expect(own.filter((name) => !titles.includes(name))).toEqual([]);
    const named = dashboard.panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => seriesIn(expr)),
    );
    expect(named.filter((name) => metricOf(name) === undefined)).toEqual([]);
    expect(
      JSON.stringify(dashboard.panels.find(({ title }) => title === "commonwork_ledger_drift")),
    ).toContain('{"color":"red","value":4}');
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});
