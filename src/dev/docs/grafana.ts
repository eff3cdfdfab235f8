import type { GaugeCondition } from "../../alerts/condition.ts";
import type { AlertRule } from "../../alerts/rule.ts";
import { createMetrics, type Metrics } from "../../metrics.ts";

type MetricKey = Exclude<keyof Metrics, "registry">;

/** The rows of the dashboard, and the metrics of each in the order of its panels. */
const ROWS: readonly { readonly title: string; readonly metrics: readonly MetricKey[] }[] = [
  {
    title: "Work",
    metrics: ["oldest", "entries", "failingEntries", "postponed", "carriers", "outcomes", "wait", "run"],
  },
  {
    title: "Workers",
    metrics: ["circuitOpen", "circuitOpenings", "stalled", "lockLost", "loopDelay"],
  },
  { title: "Requests", metrics: ["webhookCalls", "accept", "groupSize", "logins", "rateLimited"] },
  { title: "Events and texts", metrics: ["events", "embeddings", "postingListFailures", "postingListAge"] },
  {
    title: "Schedules and ledger",
    metrics: ["scheduleLag", "scheduleFaults", "schedulePaused", "ledgerDrift", "ledgerVerifiedAge"],
  },
  { title: "Servers", metrics: ["reachable", "clockOffset", "oldestTransaction"] },
  {
    title: "Mirrors",
    metrics: [
      "mirrorOldest",
      "mirrorWaiting",
      "mirrorFaults",
      "mirrorStopped",
      "mirrorDiffering",
      "mirrorVerifiedAge",
    ],
  },
];

/** The fields of a declaration that prom-client keeps. */
type Declaration = {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly type: "gauge" | "counter" | "histogram";
};

/** Metrics of Node itself that are useful to operators. */
const PROCESS_METRICS: readonly Declaration[] = [
  {
    name: "process_cpu_seconds_total",
    help: "Processor time used.",
    labelNames: ["instance"],
    type: "counter",
  },
  { name: "process_resident_memory_bytes", help: "Memory used.", labelNames: ["instance"], type: "gauge" },
  {
    name: "nodejs_eventloop_lag_p99_seconds",
    help: "99th percentile of the delay of the event loop.",
    labelNames: ["instance"],
    type: "gauge",
  },
];

const DATASOURCE = { type: "prometheus", uid: "$datasource" };
const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 8;

/**
 * The dashboard for Grafana: a panel for each metric, with the thresholds of its alerts.
 * @throws Error if a metric has no panel, or two.
 */
export function grafanaDashboard(rules: readonly AlertRule[]): string {
  const { registry, ...declared } = createMetrics();
  registry.clear();
  const placed = ROWS.flatMap(({ metrics }) => metrics);
  const wrong = (Object.keys(declared) as MetricKey[]).filter(
    (key) => placed.filter((other) => other === key).length !== 1,
  );
  if (wrong.length > 0) throw new Error(`not on the dashboard exactly once: ${wrong.join(", ")}`);
  const metrics = declared as unknown as Record<MetricKey, Declaration>;
  const rows = [
    ...ROWS.map((row) => ({ title: row.title, metrics: row.metrics.map((key) => metrics[key]) })),
    { title: "Processes", metrics: PROCESS_METRICS },
  ];
  const dashboard = {
    uid: "commonwork",
    title: "Commonwork",
    tags: ["commonwork"],
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [{ name: "datasource", label: "Data source", type: "datasource", query: "prometheus" }],
    },
    panels: [alertList(), ...layOut(rows, rules)],
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const alertList = () => ({
  id: 1,
  type: "alertlist",
  title: "Alerts",
  gridPos: { h: 6, w: COLUMNS, x: 0, y: 0 },
  options: {
    alertInstanceLabelFilter: '{service="commonwork"}',
    stateFilter: { firing: true, pending: true },
    maxItems: 30,
  },
});

/** Rows of three panels, below the list of alerts. */
function layOut(
  rows: readonly { readonly title: string; readonly metrics: readonly Declaration[] }[],
  rules: readonly AlertRule[],
): object[] {
  const panels: object[] = [];
  let y = 6;
  for (const { title, metrics } of rows) {
    panels.push({ id: panels.length + 2, type: "row", title, gridPos: { h: 1, w: COLUMNS, x: 0, y } });
    y += 1;
    for (const [index, metric] of metrics.entries()) {
      const column = index % (COLUMNS / WIDTH);
      const gridPos = { h: HEIGHT, w: WIDTH, x: column * WIDTH, y };
      panels.push({ id: panels.length + 2, gridPos, ...panelOf(metric, rules) });
      if (column === COLUMNS / WIDTH - 1) y += HEIGHT;
    }
    if (metrics.length % (COLUMNS / WIDTH) !== 0) y += HEIGHT;
  }
  return panels;
}

function panelOf(metric: Declaration, rules: readonly AlertRule[]): object {
  const conditions = rules.flatMap(({ condition }) =>
    "gauge" in condition && condition.gauge === metric.name ? [condition] : [],
  );
  return {
    type: "timeseries",
    title: metric.name,
    description: metric.help,
    datasource: DATASOURCE,
    fieldConfig: {
      defaults: {
        unit: unitOf(metric),
        min: metric.name.includes("offset") ? null : 0,
        ...thresholds(conditions),
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom" },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: queriesOf(metric).map((query, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      ...query,
    })),
  };
}

function unitOf({ name, type }: Declaration): string {
  if (name === "process_cpu_seconds_total") return "percentunit";
  if (name.endsWith("_bytes")) return "bytes";
  if (name.endsWith("_seconds")) return "s";
  return type === "counter" ? "cps" : "short";
}

/** A line for each threshold of an alert on any series of the metric. */
function thresholds(conditions: readonly GaugeCondition[]): object {
  const values = [
    ...new Set(conditions.filter(({ is }) => is === ">").map(({ threshold }) => threshold)),
  ].sort((a, b) => a - b);
  if (values.length === 0) return {};
  const steps = [{ color: "green", value: null }, ...values.map((value) => ({ color: "red", value }))];
  return { thresholds: { mode: "absolute", steps }, custom: { thresholdsStyle: { mode: "line" } } };
}

type Query = { readonly expr: string; readonly legendFormat: string };

function queriesOf({ name, labelNames, type }: Declaration): Query[] {
  const by = labelNames.length > 0 ? ` by (${labelNames.join(", ")})` : "";
  const legend = labelNames.map((label) => `{{${label}}}`).join(" ");
  if (type === "histogram") {
    const grouped = ["le", ...labelNames].join(", ");
    return [0.5, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (${grouped}) (rate(${name}_bucket[$__rate_interval])))`,
      legendFormat: `p${quantile * 100} ${legend}`.trim(),
    }));
  }
  if (type === "counter")
    return [{ expr: `sum${by} (rate(${name}[$__rate_interval]))`, legendFormat: legend || name }];
  // The worst value of processes that report the same: a server that one of them cannot reach is down for it.
  const take = name === "commonwork_reachable" ? "min" : "max";
  return [{ expr: `${take}${by} (${name})`, legendFormat: legend || name }];
}
