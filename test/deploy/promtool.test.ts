import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { promQl } from "../../src/alerts/condition.ts";
import { ALERT_RULES } from "../../src/alerts/rules.ts";
import { read } from "../support/pages.ts";

// Run by the step alert-rules of `npm run check:long` too.

const isThere = spawnSync("promtool", ["--version"]).status === 0;
const withPromtool = (name: string, test: () => void | Promise<void>) =>
  it(name, ({ skip }) =>
    isThere ? test() : skip("promtool is not installed (Debian: apt-get install prometheus)"),
  );

function promtool(...words: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("promtool", words, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

async function temporary(name: string, content: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "promtool-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, stringify(content));
  return path;
}

withPromtool("the alert rules are in order", () => {
  const { status, output } = promtool(
    "check",
    "rules",
    "--lint-fatal",
    "deploy/prometheus/commonwork.rules.yml",
  );
  expect(status, output).toBe(0);
  expect(output).toContain(`SUCCESS: ${ALERT_RULES.length} rules found`);
});

/** The queries of the dashboard for Grafana, which replaces its own variables. */
function dashboardQueries(): string[] {
  const { panels } = JSON.parse(read("deploy/grafana/commonwork.json")) as {
    panels: { targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
  );
}

function autoscalingQueries(): string[] {
  type Scaled = { spec: { triggers: { metadata: { query: string } }[] } };
  const documents = parseAllDocuments(read("deploy/kubernetes/autoscaling.yaml"));
  return documents.flatMap((document) =>
    (document.toJS() as Scaled).spec.triggers.map(({ metadata }) => metadata.query),
  );
}

/** Each query as a rule that records it: promtool checks no files of Grafana or KEDA. */
const recording = (queries: readonly string[]) => ({
  groups: [
    { name: "queries", rules: queries.map((expr, index) => ({ record: `checked:query_${index}`, expr })) },
  ],
});

withPromtool(
  "the queries of the dashboard for Grafana, and those that scale workers, are PromQL",
  async () => {
    const queries = [...dashboardQueries(), ...autoscalingQueries()];
    expect(queries.length).toBeGreaterThan(40);
    const { status, output } = promtool(
      "check",
      "rules",
      "--lint-fatal",
      await temporary("q.yml", recording(queries)),
    );
    expect(status, output).toBe(0);
    const broken = await temporary("broken.yml", recording(["sum by (queue (commonwork_outbox_entries)"]));
    expect(promtool("check", "rules", broken).status).not.toBe(0);
  },
);

withPromtool("rules about counters add up what several processes counted", async () => {
  const expressionOf = (name: string): string => {
    const rule = ALERT_RULES.find((one) => one.name === name);
    if (rule === undefined) throw new Error(`no rule ${name}`);
    return promQl(rule.condition);
  };
  /** A counter of two processes, growing by so much each minute. */
  const growing = (series: string, perMinute: number) =>
    ["a", "b"].map((instance) => ({
      series: series.replace("}", `,instance="${instance}"}`),
      values: `0+${perMinute}x90`,
    }));
  const accepted = (le: string | null, perMinute: number) =>
    growing(
      `commonwork_webhook_accept_seconds_${le === null ? "count" : "bucket"}{source="scicent"${le === null ? "" : `,le="${le}"`}}`,
      perMinute,
    );
  const delay = (name: string, labels: string, perMinute: number) =>
    growing(`commonwork_job_loop_delay_seconds_${name}{queue="media",${labels}}`, perMinute);
  const expected = (name: string, labels: string, value: number | null) => ({
    expr: expressionOf(name),
    eval_time: "80m",
    exp_samples: value === null ? [] : [{ labels, value }],
  });
  const file = await temporary("tests.yml", {
    rule_files: [],
    evaluation_interval: "1m",
    tests: [
      {
        interval: "1m",
        input_series: [
          ...growing('commonwork_carriers_stalled_total{queue="feeds"}', 1),
          ...growing('commonwork_webhook_deliveries_total{source="resend",status="unsigned"}', 60),
          ...growing('commonwork_webhook_deliveries_total{source="scicent",status="unsigned"}', 30),
          ...accepted(null, 100),
          ...accepted("0.5", 98),
          ...delay("count", 'job="media-metadata"', 3),
          ...delay("bucket", 'job="media-metadata",le="0.1"', 1),
          ...delay("count", 'job="none"', 9),
          ...delay("bucket", 'job="none",le="0.1"', 0),
        ],
        promql_expr_test: [
          expected("WorkersLost", '{queue="feeds"}', 30),
          expected("WebhooksUnsigned", '{source="resend"}', 2),
          expected("WebhooksSlow", "{}", 0.02),
          expected("JobHoldsEventLoop", '{job="media-metadata"}', 240),
          expected("SaleConflict", "{}", null),
        ],
      },
    ],
  });
  const { status, output } = promtool("test", "rules", file);
  expect(status, output).toBe(0);
});
