import type { AuditEntry } from "../../../db/audit-log.ts";
import { type Html, html } from "../../../html.ts";
import { codeHtml, textHtml, timeHtml } from "../frame/elements.ts";
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
    rows: entries.map(({ at, actor, action, subject, details }) => {
      const { reason, address, ...others } = details;
      return [
        timeHtml(at),
        actor,
        codeHtml(action),
        subjectHtml(subject),
        valueText(address),
        valueText(reason),
        detailsText(others),
      ];
    }),
    empty,
  });

/** A subject, with a link to everything about it. */
const subjectHtml = (subject: string): Html =>
  html`<a href="${hrefOf("/admin/audit", { subject })}">${textHtml(subject)}</a>`;

const valueText = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value);

const detailsText = (details: Readonly<Record<string, unknown>>): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}: ${valueText(value) ?? "none"}`)
    .join(", ");
