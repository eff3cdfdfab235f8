import { promQl } from "../../alerts/condition.ts";
import type { AlertRule } from "../../alerts/rule.ts";
import { markdownTable } from "./markdown-table.ts";

/** The table of alerts, for docs/operations/index.md. */
export const alertRuleTable = (rules: readonly AlertRule[]): string =>
  markdownTable(
    ["Alert", "Condition", "For", "Severity", "Meaning and action"],
    rules.map(({ name, condition, forSeconds, severity, meaning, action }) => [
      `\`${name}\``,
      `\`${promQl(condition)}\``,
      forSeconds === 0 ? "at once" : durationWords(forSeconds),
      severity,
      `${meaning} ${action}`,
    ]),
  );

const durationWords = (seconds: number): string =>
  seconds >= 3_600 ? `${seconds / 3_600} h` : `${seconds / 60} min`;

/** The rules as a file for Prometheus. */
export function prometheusRules(rules: readonly AlertRule[]): string {
  const blocks = rules.map(({ name, condition, forSeconds, severity, meaning, action }) =>
    [
      `      - alert: ${name}`,
      `        expr: ${quoted(promQl(condition))}`,
      ...(forSeconds > 0 ? [`        for: ${forSeconds / 60}m`] : []),
      "        labels:",
      "          service: commonwork",
      `          severity: ${severity}`,
      "        annotations:",
      `          summary: ${quoted(plainText(meaning))}`,
      `          description: ${quoted(plainText(action))}`,
    ].join("\n"),
  );
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
  markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
