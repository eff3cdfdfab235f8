import { Router } from "express";
import { listAuditLog } from "../../../db/audit-log.ts";
import { referencesTo } from "../../../db/references.ts";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import {
  type LargeAccount,
  type LedgerTotals,
  largestAccounts,
  latestVerifications,
  readLedgerTotals,
  type Verification,
} from "../../../rewards/ledger-overview.ts";
import { type VerificationState, verificationState } from "../../../rewards/verifications.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { auditTable } from "../audit/audit-table.ts";
import {
  badge,
  formatCount,
  formatSeconds,
  regionHtml,
  section,
  type Tile,
  tiles,
  timeHtml,
} from "../frame/elements.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { namedRows } from "../frame/row-names.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

/** What the ledger holds, and whether it was verified. */
export const ledgerPage: AdminPage = {
  path: "/ledger",
  title: "Ledger",
  section: "Areas",
  role: "viewer",
  routes: ledgerRoutes,
};

const ACCOUNTS = 25;
const VERIFICATIONS = 20;
const DRIFTS = 20;

/** `GET /ledger`: totals, the largest accounts, verifications and their findings. */
function ledgerRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/ledger", async (_req, res) => {
    const body = regionHtml("ledger", await ledgerBody(runtime.db.drizzle));
    showPage(res, { title: "Ledger", live: following("ledger_balances", "ledger_verifications"), body });
  });
  return router;
}

async function ledgerBody(on: Queryable): Promise<Html> {
  const [totals, state, accounts, verifications, drifts] = await Promise.all([
    readLedgerTotals(on),
    verificationState(on),
    largestAccounts(on, ACCOUNTS),
    latestVerifications(on, VERIFICATIONS),
    listAuditLog(on, { action: "ledger.drift" }, DRIFTS),
  ]);
  return html`${tiles([...totalTiles(totals), ...verificationTiles(state)])}
${section("Largest accounts", await accountTable(on, accounts))}
${section("Verifications", verificationTable(verifications))}
${section("What verifications found", auditTable(drifts, "No verification has found a fault."))}`;
}

const totalTiles = ({
  volunteers,
  accounts,
  held,
  heldSales,
  heldIsPartial,
  treasury,
}: LedgerTotals): Tile[] => [
  { label: "Volunteers", value: volunteers, note: `${formatCount(accounts)} accounts` },
  {
    label: "Held",
    value: heldIsPartial ? `more than ${held}` : held,
    note: `${heldIsPartial ? "more than " : ""}${formatCount(heldSales)} sales`,
    href: "/admin/sales",
  },
  { label: "Treasury", value: heldIsPartial ? `less than ${treasury}` : treasury, note: "paid out and held" },
];

function verificationTiles({ drift, ages }: VerificationState): Tile[] {
  const drifted = drift !== null && drift > 0;
  const ageOf = (scope: Verification["scope"]) => ages.find((age) => age.scope === scope)?.seconds;
  const age = (seconds: number | undefined) =>
    seconds === undefined ? "never" : `${formatSeconds(seconds)} ago`;
  return [
    {
      label: "Drift",
      value: drift === null ? "not verified" : formatCount(drift),
      note: "faults of the last verification",
      tone: drifted ? "bad" : drift === null ? "warn" : "good",
    },
    { label: "Verified without faults", value: age(ageOf("new")), note: "what is new" },
    { label: "Verified without faults", value: age(ageOf("all")), note: "everything" },
  ];
}

async function accountTable(on: Queryable, accounts: readonly LargeAccount[]): Promise<Html> {
  const [userOf, profileOf, organizationOf] = await Promise.all([
    userLinks(
      on,
      accounts.map(({ userId }) => userId),
    ),
    referencesTo(
      on,
      "volunteer_profiles",
      accounts.map(({ profileId }) => profileId),
    ),
    namedRows(
      on,
      "organizations",
      accounts.map(({ organizationId }) => organizationId),
    ),
  ]);
  return table({
    caption: "The accounts with the largest balances",
    columns: ["User", "Profile", "Organization", { title: "Balance", kind: "number" }],
    rows: accounts.map((account) => [
      userOf(account.userId),
      profileOf(account.profileId),
      organizationOf(account.organizationId),
      account.balance,
    ]),
    empty: "There are no accounts.",
  });
}

const verificationTable = (verifications: readonly Verification[]): Html =>
  table({
    caption: "Verifications of the ledger",
    columns: [{ title: "As of", kind: "fixed" }, "Scope", "Result"],
    rows: verifications.map(({ asOf, scope, drift }) => [
      timeHtml(asOf),
      scope === "all" ? "everything" : "what is new",
      drift === null
        ? badge("not finished", "idle")
        : drift === 0
          ? badge("no faults", "good")
          : badge(`${drift} faults`, "bad"),
    ]),
    empty: "The ledger was never verified. Run verify-ledger.",
  });
