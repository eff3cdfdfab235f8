import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Queryable } from "../../../db/statement.ts";
import {
  findSuppression,
  isAddressHash,
  latestSuppressions,
  liftSuppression,
  SUPPRESSION_REASONS,
  type Suppression,
} from "../../../email/suppressions.ts";
import { type Html, html } from "../../../html.ts";
import { findUsers } from "../../../people/find-users.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { sessionOf } from "../access/guard.ts";
import { actionForm, decisionOf, mayAct, resultOf } from "../frame/actions.ts";
import { codeHtml, notice, regionHtml, section, timeHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, readFilters, textFilter } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

/** Suppressed addresses. */
export const suppressionsPage: AdminPage = {
  path: "/suppressions",
  title: "Suppressed addresses",
  section: "Areas",
  role: "viewer",
  routes: suppressionRoutes,
};

const PATH = "/admin/suppressions";
const SHOWN = 100;
/** Hexadecimal digits: enough to tell addresses apart. */
const HASH_SHOWN = 16;

const filterSchema = z.object({
  address: textFilter(320),
});

const FIELDS: readonly FilterField[] = [
  { name: "address", label: "E-mail address", placeholder: "ada@people.example" },
];

const RESULTS = { lifted: "Suppressions lifted" };

/**
 * `GET /suppressions?address=` lists the latest suppressions, or looks one up. `POST
 * /suppressions/:hash/lift` with a `reason` removes it.
 */
function suppressionRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/suppressions", (req, res) => showSuppressions(runtime.db.drizzle, req, res));
  router.post("/suppressions/:hash/lift", async (req, res, next) => {
    const { hash } = req.params;
    if (!isAddressHash(hash)) return next();
    const decision = decisionOf(req, res);
    if (decision === null) return;
    const lifted = await runtime.relay.transact((tx) => liftSuppression(tx, hash, decision));
    res.redirect(303, `${PATH}?lifted=${lifted ? 1 : 0}`);
  });
  return router;
}

async function showSuppressions(on: Queryable, req: Request, res: Response): Promise<void> {
  const title = "Suppressed addresses";
  const filters = readFilters(filterSchema, req);
  const { filter } = filters;
  const form = filterForm(PATH, FIELDS, filters, "Find");
  if (filter === null) return showPage(res.status(422), { title, body: form });
  const result = resultOf(req, RESULTS);
  const found =
    filter.address === undefined
      ? section(
          "Latest suppressions",
          suppressionTable(res, await latestSuppressions(on, SHOWN), "No address is suppressed."),
        )
      : await addressBody(on, res, filter.address);
  const body = html`${result === null ? null : notice(result)}
<p class="dim">Only hashes of addresses are stored. These addresses get no e-mail at all; after lifting, the next bounce or complaint suppresses one again.</p>
${form}${regionHtml("found", found)}`;
  showPage(res, { title, live: following("email_suppressions"), body });
}

async function addressBody(on: Queryable, res: Response, address: string): Promise<Html> {
  const [suppression, users] = await Promise.all([findSuppression(on, address), findUsers(on, address)]);
  const userOf = await userLinks(on, users);
  const owners =
    users.length === 0
      ? html`<p class="dim">No user has this address.</p>`
      : html`<p>Users with this address:</p><ul>${users.map((id) => html`<li>${userOf(id)}</li>`)}</ul>`;
  return section(
    "This address",
    html`${suppressionTable(res, suppression ? [suppression] : [], "This address is not suppressed.")}${owners}`,
  );
}

function suppressionTable(res: Response, suppressions: readonly Suppression[], empty: string): Html {
  const acts = mayAct(res);
  return table({
    caption: "Suppressed addresses",
    columns: [
      { title: "Since", kind: "fixed" },
      "Why",
      "Hash of the address begins with",
      ...(acts ? [{ title: "Lift" }] : []),
    ],
    rows: suppressions.map(({ hash, reason, createdAt }) => [
      timeHtml(createdAt),
      html`${SUPPRESSION_REASONS[reason]} <code>${reason}</code>`,
      codeHtml(hash.slice(0, HASH_SHOWN)),
      ...(acts ? [liftForm(res, hash)] : []),
    ]),
    empty,
  });
}

const liftForm = (res: Response, hash: string): Html =>
  actionForm(sessionOf(res), [{ action: `${PATH}/${hash}/lift`, label: "Lift" }], {
    needsReason: true,
    about: `address ${hash.slice(0, HASH_SHOWN)}`,
  });
