import { promQl } from "../../alerts/condition.ts";
import type { AlertRule } from "../../alerts/rule.ts";
import { markdownTable } from "./markdown-table.ts";

/** The table of alerts, for docs/operations/index.md. */
export const alertRuleTable = (rules: readonly AlertRule[]): string =>
  markdownTable(
    ["Alert", "Condition", "For", "Severity", "Meaning and action"],
    rules.map((rule) => tableRow(rule)),
  );

const tableRow = (rule: AlertRule): string[] => {
  const { name, condition, forSeconds, severity, meaning } = rule;
  return [
    `\`${name}\``,
    `\`${promQl(condition)}\``,
    forSeconds === 0 ? "at once" : durationWords(forSeconds),
    severity,
    `${meaning} ${actionText(rule)}`,
  ];
};

/** What to do: at the dashboard first, where it has a page for that. */
const actionText = ({ page, action }: AlertRule): string =>
  page === undefined ? action : `Dashboard: *${page.title}*. ${action}`;

const durationWords = (seconds: number): string =>
  seconds >= 3_600 ? `${seconds / 3_600} h` : `${seconds / 60} min`;

/** The rules as a file for Prometheus. */
export function prometheusRules(rules: readonly AlertRule[]): string {
  const blocks = rules.map((rule) => {
    const { name, condition, forSeconds, severity, meaning } = rule;
    return [
      `      - alert: ${name}`,
      `        expr: ${quoted(promQl(condition))}`,
      ...(forSeconds > 0 ? [`        for: ${forSeconds / 60}m`] : []),
      "        labels:",
      "          service: commonwork",
      `          severity: ${severity}`,
      "        annotations:",
      `          summary: ${quoted(plainText(meaning))}`,
      `          description: ${quoted(plainText(actionText(rule)))}`,
    ].join("\n");
  });
  return `# Generated from src/alerts by npm run docs:generate. docs/operations/index.md has the same as a table.
groups:
  - name: commonwork
    rules:
${blocks.join("\n")}
`;
}

/** A scalar of YAML in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Markdown without links and marks, for readers outside these pages. */
const plainText = (markdown: string): string =>
  markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
