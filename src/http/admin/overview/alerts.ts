import { promQl } from "../../../alerts/condition.ts";
import type { AlertRule } from "../../../alerts/rule.ts";
import { ALERT_RULES } from "../../../alerts/rules.ts";
import { type Alert, isWatched } from "../../../alerts/watch.ts";
import { type Html, html } from "../../../html.ts";
import { badge, type Content, emptyState, formatSeconds, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";
import { scheduleHref } from "../pauses/paused.ts";

const UNWATCHED = ALERT_RULES.filter((rule) => !isWatched(rule));

/** The alerts that hold now, those that fire first. */
export function alertTable(alerts: readonly Alert[]): Html {
  const note = html`<p class="dim">${ALERT_RULES.length - UNWATCHED.length} of ${ALERT_RULES.length} rules are evaluated here.${UNWATCHED.map(onlyInPrometheus)}</p>`;
  if (alerts.length === 0) return html`${emptyState("No alert fires.")}${note}`;
  return html`${table({
    caption: "Alerts",
    columns: [
      { title: "Alert", kind: "fixed" },
      { title: "State", kind: "fixed" },
      { title: "Value", kind: "number" },
      { title: "Since", kind: "fixed" },
      { title: "Meaning", kind: "long" },
      { title: "What to do", kind: "long" },
    ],
    rows: alerts.map(({ rule, labels, value, state, since }) => [
      html`${rule.name}<small>${labelsHtml(labels)}</small>`,
      state === "firing"
        ? badge(rule.severity, rule.severity === "page" ? "bad" : "warn")
        : badge("pending", "idle"),
      valueText(rule, value),
      timeHtml(since),
      inlineMarkdown(rule.meaning),
      html`${pageLink(rule, labels)}${inlineMarkdown(rule.action)}`,
    ]),
    empty: "",
  })}${note}`;
}

/** Why a rule is not evaluated here, and what to ask Prometheus. */
const onlyInPrometheus = ({ name, condition }: AlertRule): Html =>
  html` ${name} is not${"expression" in condition ? `: ${condition.because}` : ""}. Ask Prometheus: <code>${promQl(condition)}</code>.`;

/** A length of time in its units, anything else as a number. */
function valueText({ condition }: AlertRule, value: number): Content {
  const isTime = "gauge" in condition && condition.gauge.endsWith("_seconds");
  return isTime ? formatSeconds(value) : Math.round(value * 100) / 100;
}

/** The subject of the alert; a schedule is linked to its line. */
const labelsHtml = (labels: Alert["labels"]): Html =>
  html`${Object.entries(labels).map(
    ([label, text], index) =>
      html`${index > 0 ? ", " : ""}${label === "schedule" ? html`<a href="${scheduleHref(text)}">${text}</a>` : text}`,
  )}`;

/** The page of the dashboard where something is done about an alert: before what to do elsewhere. */
function pageLink({ page }: AlertRule, labels: Alert["labels"]): Html | null {
  const href = page && alertHref(page.path, labels);
  return href === undefined ? null : html`<a href="${href}">${page?.title}</a>. `;
}

/** Of a range or a sum, that of its job. */
const PART = /\/(range|sum)$/;

/** The address of a page with the labels of an alert; undefined without one of them. */
export function alertHref(path: string, labels: Readonly<Record<string, string>>): string | undefined {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (names.some((name) => labels[name] === undefined)) return undefined;
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((labels[name] ?? "").replace(PART, "")),
  );
}

/** The pages of the dashboard for the sections that the documentation links to. */
const PAGES: Readonly<Record<string, string>> = { "#dead-letters": "/admin/dead-letters" };

const LINK = /(\[[^\]]*\]\([^)]*\))/;

/** Code in backticks, and links: to a page of the dashboard, or the name of a page of the documentation. */
const inlineMarkdown = (text: string): Html =>
  html`${text.split(LINK).map((part, index) => (index % 2 === 1 ? linkHtml(part) : codeInText(part)))}`;

function linkHtml(link: string): Html {
  const [, title = "", target = ""] = /^\[(.*)\]\((.*)\)$/.exec(link) ?? [];
  const page = PAGES[target];
  if (page !== undefined) return html`<a href="${page}">${title}</a>`;
  const [file] = target.split("#");
  return html`${title} (docs/operations/${file === "" ? "index.md" : file})`;
}

const codeInText = (text: string): Html =>
  html`${text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
