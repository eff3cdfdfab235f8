import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { auditedActions, auditedActors, listAuditLog } from "../../../db/audit-log.ts";
import { html } from "../../../html.ts";
import { printable } from "../../../printable.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { regionHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, idFilter, readFilters, textFilter } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { cursorPager, startOf, TIME_RANGE_NAMES } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { auditTable } from "./audit-table.ts";

/** Actions of operators and of the service. */
export const auditPage: AdminPage = {
  path: "/audit",
  title: "Audit",
  section: "Records",
  role: "viewer",
  routes: auditRoutes,
};

const PATH = "/admin/audit";
const PER_PAGE = 100;

const text = textFilter(300);

const filterSchema = z.object({
  actor: text,
  action: text,
  subject: text,
  within: z.enum(TIME_RANGE_NAMES, "is not a time that can be chosen").optional(),
  before: idFilter,
});

/** `GET /audit` lists the audit log, filtered by actor, action, subject and time. */
function auditRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/audit", (req, res) => showAudit(runtime, req, res));
  return router;
}

async function showAudit(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const on = runtime.db.drizzle;
  const filters = readFilters(filterSchema, req);
  const { filter, given } = filters;
  const [actors, actions] = await Promise.all([auditedActors(on), auditedActions(on)]);
  const form = filterForm(PATH, fieldsOf(actors, actions), filters);
  if (filter === null) return showPage(res.status(422), { title: "Audit", body: form });
  const { within, ...others } = filter;
  const from = within === undefined ? undefined : startOf(within, runtime.clock.now());
  const entries = await listAuditLog(on, { ...others, from }, PER_PAGE);
  const next = entries.length === PER_PAGE ? (entries.at(-1)?.id ?? null) : null;
  const body = html`<p class="dim">Each change at the dashboard is an entry admin.request, with the address that it came from. What it did is an entry of its own.</p>
${form}
${regionHtml("entries", auditTable(entries, "No entry matches."))}
${cursorPager(PATH, given, { name: "before", next })}`;
  showPage(res, { title: "Audit", live: following("audit_log"), body });
}

/** Texts that a form sends back unchanged. */
const isPrintable = (text: string): boolean => printable(text) === text;

const fieldsOf = (actors: readonly string[], actions: readonly string[]): FilterField[] => [
  { name: "actor", label: "Who", choices: actors.filter(isPrintable) },
  { name: "action", label: "What", choices: actions.filter(isPrintable) },
  { name: "subject", label: "About", placeholder: "token_sales:12" },
  { name: "within", label: "Within", choices: TIME_RANGE_NAMES },
];
