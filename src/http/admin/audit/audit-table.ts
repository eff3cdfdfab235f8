import type { AuditEntry } from "../../../db/audit-log.ts";
import { type Html, html } from "../../../html.ts";
import { type Content, codeHtml, formatCount, textHtml, timeHtml } from "../frame/elements.ts";
import { hrefOf } from "../frame/filters.ts";
import { table } from "../frame/table.ts";

/** Entries of the audit log: who did what, when, from where, why. @param empty shown when there are none. */
export const auditTable = (entries: readonly AuditEntry[], empty: string): Html =>
  table({
    caption: "Audit log",
    columns: [
      { title: "When", kind: "fixed" },
      "Who",
      { title: "What", kind: "fixed" },
      { title: "About", kind: "long" },
      "From where",
      "Why",
      { title: "Details", kind: "long" },
    ],
    rows: entries.map(({ id, at, actor, action, subject, details }) => {
      const { reason, address, ...others } = details;
      return [
        timeHtml(at),
        actor,
        action === "dead-letters.retry"
          ? html`${codeHtml(action)}<small><a href="/admin/work/retries/${id}">What became of them</a></small>`
          : codeHtml(action),
        subjectHtml(subject),
        originOf({ actor, action, subject }, address),
        valueText(reason),
        Object.keys(others).length === 0 ? null : detailsHtml(others),
      ];
    }),
    empty,
  });

/** A subject, with a link to everything about it. */
const subjectHtml = (subject: string): Html =>
  html`<a href="${hrefOf("/admin/audit", { subject })}">${textHtml(subject)}</a>`;

/** Actions of sales jobs, whose rows are kept forever and hold no address. */
const DECISIONS: Readonly<Record<string, string>> = {
  "commission.release": "release",
  "sale.reverse": "reverse",
};

/** The address that somebody acted from, or a link to the request that has it. */
function originOf(
  { actor, action, subject }: Pick<AuditEntry, "actor" | "action" | "subject">,
  address: unknown,
): Content {
  if (isAtCommandLine(actor)) return "command line";
  const decision = DECISIONS[action];
  const [, saleId] = /^token_sales:(\d+)$/.exec(subject) ?? [];
  if (decision === undefined || saleId === undefined) return valueText(address);
  const request = `POST /admin/sales/${saleId}/${decision}`;
  return html`<a href="${hrefOf("/admin/audit", { subject: request })}">its request</a>`;
}

const isAtCommandLine = (actor: string): boolean => actor === "cli" || actor.startsWith("cli:");

const valueText = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value);

/** Longer lists are collapsed. */
const SHOWN_OF_LIST = 5;

const detailsHtml = (details: Readonly<Record<string, unknown>>): Html =>
  html`${Object.entries(details).map(([name, value], index) => html`${index > 0 ? ", " : ""}${detailHtml(name, value)}`)}`;

function detailHtml(name: string, value: unknown): Html {
  if (Array.isArray(value) && value.length > SHOWN_OF_LIST)
    return html`<details><summary>${textHtml(name)}: ${formatCount(value.length)}</summary>${textHtml(value.map((each) => valueText(each) ?? "none").join(", "))}</details>`;
  return html`${textHtml(name)}: ${textHtml(valueText(value) ?? "none")}`;
}
