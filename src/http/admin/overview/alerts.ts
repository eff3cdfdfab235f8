import { ALERT_RULES } from "../../../alerts/rules.ts";
import { type Alert, isWatched } from "../../../alerts/watch.ts";
import { type Html, html } from "../../../html.ts";
import { badge, emptyState, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";

const UNWATCHED = ALERT_RULES.filter((rule) => !isWatched(rule)).length;

/** The alerts that hold now, those that fire first. */
export function alertTable(alerts: readonly Alert[]): Html {
  const note = html`<p class="dim">${ALERT_RULES.length - UNWATCHED} of ${ALERT_RULES.length} rules are evaluated here. The other ${UNWATCHED} need the history of counters, which Prometheus has.</p>`;
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
      html`${rule.name}<small>${Object.values(labels).join(", ")}</small>`,
      state === "firing"
        ? badge(rule.severity, rule.severity === "page" ? "bad" : "warn")
        : badge("pending", "idle"),
      Math.round(value * 100) / 100,
      timeHtml(since),
      inlineMarkdown(rule.meaning),
      inlineMarkdown(rule.action),
    ]),
    empty: "",
  })}${note}`;
}

/** Code in backticks. Links point to pages of the documentation, so their text and page are shown. */
function inlineMarkdown(text: string): Html {
  const named = text.replace(
    /\[(.*?)\]\(([^)#]*)[^)]*\)/g,
    (_, title: string, page: string) => `${title} (docs/operations/${page === "" ? "index.md" : page})`,
  );
  const parts = named.split("`");
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}
