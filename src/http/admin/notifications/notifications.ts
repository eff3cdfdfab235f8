import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { html } from "../../../html.ts";
import { countDecisions, decisionsBetween, listDecisions } from "../../../notifications/decision-log.ts";
import { DECISION_REASONS } from "../../../notifications/describe-decision.ts";
import { NOTIFICATION_TYPES } from "../../../notifications/index.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { regionHtml, section } from "../frame/elements.ts";
import { type FilterField, filterForm, hrefOf, idFilter, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { cursorPager, startOf, TIME_RANGE_NAMES } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { pausedSending } from "../pauses/paused.ts";
import { countTable, decisionTable } from "./decision-table.ts";
import { showWhy, whyForm } from "./why.ts";

/** Who was notified of what, and why not. */
export const decisionsPage: AdminPage = {
  path: "/notifications",
  title: "Notifications",
  section: "Areas",
  role: "viewer",
  routes: notificationRoutes,
};

const PATH = "/admin/notifications";
const PER_PAGE = 50;
const DEFAULT_WITHIN = "1 day";

const CHANNELS = ["in_app", "email"] as const;
const DECISIONS = ["now", "deferred", "digested", "skipped"] as const;
const REASONS = Object.keys(DECISION_REASONS);
const TYPES = NOTIFICATION_TYPES.map(({ event }) => event.type);

const filterSchema = z.object({
  within: z.enum(TIME_RANGE_NAMES, "is not a time that can be chosen").default(DEFAULT_WITHIN),
  eventType: z
    .string()
    .refine((type) => TYPES.includes(type), "is not a type of notification")
    .optional(),
  channel: z.enum(CHANNELS, "is not a channel").optional(),
  decision: z.enum(DECISIONS, "is not a decision").optional(),
  reason: z
    .string()
    .refine((reason) => REASONS.includes(reason), "is not a reason")
    .optional(),
  before: idFilter,
});

const FIELDS: readonly FilterField[] = [
  { name: "within", label: "Within", choices: TIME_RANGE_NAMES },
  { name: "eventType", label: "Type", choices: TYPES },
  { name: "channel", label: "Channel", choices: CHANNELS },
  { name: "decision", label: "Decision", choices: DECISIONS },
  { name: "reason", label: "Reason", choices: REASONS },
];

/**
 * `GET /notifications` counts and lists the decisions of a time span. `GET /notifications/why?event=&user=`
 * answers who was notified of an event, what a user was notified of, and whether a user was notified of an
 * event.
 */
function notificationRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/notifications", (req, res) => showDecisions(runtime, req, res));
  router.get("/notifications/why", (req, res) => showWhy(runtime, req, res));
  return router;
}

async function showDecisions(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const on = runtime.db.drizzle;
  const filters = readFilters(filterSchema, req);
  const { filter, given } = filters;
  const title = "Notifications";
  const form = filterForm(PATH, FIELDS, {
    given: { within: DEFAULT_WITHIN, ...given },
    faults: filters.faults,
  });
  if (filter === null) return showPage(res.status(422), { title, body: form });
  const { within, before, ...others } = filter;
  const range = await decisionsBetween(on, startOf(within, runtime.clock.now()), null);
  const [pauses, counts, page] = await Promise.all([
    listDecidedPauses(on),
    countDecisions(on, range),
    listDecisions(on, range, others, { before, limit: PER_PAGE }),
  ]);
  const body = html`${regionHtml("pauses", pausedSending(pauses))}${section("One user, one event", whyForm({ given: {}, faults: {} }))}
${regionHtml(
  "counts",
  section(
    `Decisions within ${within}`,
    countTable(counts, (query) => hrefOf(PATH, { within, ...query })),
  ),
)}
${section("Newest first", html`${form}${regionHtml("decisions", await decisionTable(on, page.lines, "No decision matches."))}${cursorPager(PATH, given, { name: "before", next: page.before })}`)}`;
  showPage(res, { title, live: following("deliveries", "job_pauses"), body });
}
