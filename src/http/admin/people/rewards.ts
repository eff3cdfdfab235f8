import { referencesTo, resolveReferences, rowNames } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import type { Explained } from "../../../explain/index.ts";
import { type Html, html } from "../../../html.ts";
import { readBuyerNumber } from "../../../rewards/buyers.ts";
import { salesOfBuyer } from "../../../rewards/find-sales.ts";
import { multipliersOf, type ProfileMultiplier } from "../../../rewards/multiplier-overview.ts";
import { readStatement, type StatementLine } from "../../../rewards/statement.ts";
import { explainHref } from "../explain/explain.ts";
import { section, textHtml, tiles, timeHtml } from "../frame/elements.ts";
import { table } from "../frame/table.ts";
import { saleTable } from "../sales/sale-table.ts";

const LINES = 50;
const SALES = 50;

/** What a user earned and bought, each figure with its explanation. */
export async function rewardsBody(on: Queryable, userId: string): Promise<Html> {
  const [statement, multipliers, buyer] = await Promise.all([
    readStatement(on, userId, { limit: LINES }),
    multipliersOf(on, userId),
    readBuyerNumber(on, userId),
  ]);
  const sales = buyer === null ? [] : await salesOfBuyer(on, buyer, SALES);
  return html`${section("Balance", tiles([{ label: "Of all profiles", value: statement.balance, note: "tokens" }]))}
${section("Earnings, newest first", await lineTable(on, statement.lines))}
${section("Multipliers", await multiplierTable(on, multipliers))}
${section("Purchases, newest first", saleTable(sales, "The user has bought nothing."))}`;
}

async function lineTable(on: Queryable, lines: readonly StatementLine[]): Promise<Html> {
  const nameOf = await organizationNames(
    on,
    lines.map(({ organizationId }) => organizationId),
  );
  return table({
    caption: "Account statement",
    columns: [
      { title: "At", kind: "fixed" },
      "Kind",
      { title: "Amount", kind: "number" },
      "Organization",
      "Why",
    ],
    rows: lines.map(({ occurredAt, kind, amount, organizationId, explain }) => [
      timeHtml(occurredAt),
      kind,
      amount,
      html`${textHtml(organizationId)}${nameOf(organizationId)}`,
      explain === null ? null : explainLink(explain),
    ]),
    empty: "The user has earned nothing.",
  });
}

/** `, the name` of an organization. @returns a function of the host's id, or ours where there is none. */
async function organizationNames(
  on: Queryable,
  references: readonly string[],
): Promise<(reference: string) => Html | null> {
  const ids = await resolveReferences(on, "organizations", [...new Set(references)]);
  const names = await rowNames(on, "organizations", [...ids.values()]);
  return (reference) => {
    const name = names.get(ids.get(reference) ?? "");
    return name === undefined ? null : html`, ${textHtml(name)}`;
  };
}

/** @param reference the argument of `explain`: `award:12:34`. */
function explainLink(reference: string): Html {
  const at = reference.indexOf(":");
  const [kind, id] = [reference.slice(0, at) as Explained, reference.slice(at + 1)];
  return html`<a href="${explainHref(kind, id)}">${textHtml(`${kind} ${id}`)}</a>`;
}

async function multiplierTable(on: Queryable, multipliers: readonly ProfileMultiplier[]): Promise<Html> {
  const profileOf = await referencesTo(
    on,
    "volunteer_profiles",
    multipliers.map(({ profileId }) => profileId),
  );
  return table({
    caption: "Changes of multipliers",
    columns: [
      "Profile",
      { title: "As of", kind: "fixed" },
      { title: "Before", kind: "number" },
      { title: "After", kind: "number" },
    ],
    rows: multipliers.map(({ profileId, calculatedAt, previousHundredths, multiplierHundredths }) => [
      html`<a href="${explainHref("multiplier", `${profileOf(profileId)}@${calculatedAt.toISOString()}`)}">${textHtml(profileOf(profileId))}</a>`,
      timeHtml(calculatedAt),
      (previousHundredths / 100).toFixed(2),
      (multiplierHundredths / 100).toFixed(2),
    ]),
    empty: "No multiplier of the user has changed.",
  });
}
