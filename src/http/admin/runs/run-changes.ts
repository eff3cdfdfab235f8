import { referencesTo } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import {
  CHANGES_READ,
  type ChangedRow,
  type ChangedRows,
  type RunChanges,
} from "../../../explain/run-changes.ts";
import { type Html, html } from "../../../html.ts";
import type { Run } from "../../../queues/runs.ts";
import { auditTable } from "../audit/audit-table.ts";
import { explainHref } from "../explain/explain.ts";
import { codeHtml, section, textHtml, timeHtml } from "../frame/elements.ts";
import { namedRows } from "../frame/row-names.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

/** What a run changed, row by row, or that it is not recorded. @param changes null if no row tells it. */
export async function runChanges(on: Queryable, run: Run, changes: RunChanges | null): Promise<Html> {
  if (run.status === "queued" || run.status === "skipped") return html``;
  if (changes === null)
    return section(
      "What it changed",
      html`<p class="dim">Not recorded: the rows that ${codeHtml(run.job)} writes do not say which run wrote them. The counts above are all that is known.</p>`,
    );
  const parts = await Promise.all(changes.parts.map((part) => partHtml(on, part)));
  const audited =
    changes.audited.length === 0 && changes.parts.length > 0
      ? null
      : auditTable(changes.audited, "The run has recorded nothing in the audit log.");
  return section("What it changed", html`${parts}${audited}`);
}

async function partHtml(on: Queryable, { kind, rows, isPartial }: ChangedRows): Promise<Html> {
  const [subjectOf, userOf] = await Promise.all([
    subjectLinks(on, rows),
    userLinks(
      on,
      rows.map(({ userId }) => userId),
    ),
  ]);
  return html`<h3>${kind}</h3>${table({
    caption: `${kind} that the run wrote`,
    columns: [
      { title: "What", kind: "long" },
      "User",
      { title: "Change", kind: "long" },
      { title: "At", kind: "fixed" },
    ],
    rows: rows.map((row) => [subjectOf(row), userOf(row.userId), row.change, timeHtml(row.at)]),
    empty: "None.",
  })}${isPartial ? html`<p class="dim">There are more: ${CHANGES_READ} are shown.</p>` : null}`;
}

/** Links to the pages that say more about what was changed. */
async function subjectLinks(
  on: Queryable,
  rows: readonly ChangedRow[],
): Promise<(row: ChangedRow) => Html | null> {
  const idsOf = (name: ChangedRow["about"]["table"]) =>
    rows.flatMap(({ about }) => (about.table === name ? [about.id] : []));
  const [profileOf, projectOf, projectReferenceOf, userReferenceOf] = await Promise.all([
    referencesTo(on, "volunteer_profiles", idsOf("volunteer_profiles")),
    namedRows(on, "projects", idsOf("projects")),
    referencesTo(on, "projects", idsOf("projects")),
    referencesTo(
      on,
      "users",
      rows.flatMap(({ userId }) => userId ?? []),
    ),
  ]);
  return ({ about: { table: name, id }, userId, at }) => {
    switch (name) {
      case "volunteer_profiles":
        return html`<a href="${explainHref("multiplier", `${profileOf(id)}@${at.toISOString()}`)}">Profile ${textHtml(profileOf(id))}</a>`;
      case "projects":
        return html`<a href="${explainHref("match", `${projectReferenceOf(id)}:${userReferenceOf(userId ?? "")}`)}">Project ${projectOf(id)}</a>`;
      case "token_sales":
        return html`<a href="/admin/sales/${id}">Sale ${id}</a>`;
      case "budget_periods":
        return html`<a href="/admin/budgets/${id}">Budget period ${id}</a>`;
      case "users":
        return html`<a href="/admin/people/${encodeURIComponent(userReferenceOf(id))}/recommendations">Recommendations</a>`;
      case "ledger_verifications":
        return html`<a href="/admin/ledger">Ledger</a>`;
      case "list_versions":
        return html`Version ${id}`;
    }
  };
}
