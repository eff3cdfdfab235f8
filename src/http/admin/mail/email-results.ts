import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { emails } from "../../../db/schema/email.ts";
import type { Queryable } from "../../../db/statement.ts";
import {
  countEmails,
  type EmailCounts,
  type EmailLine,
  emailsBetween,
  listEmails,
} from "../../../email/email-log.ts";
import { experimentResult } from "../../../email/experiment-results.ts";
import { EXPERIMENTS } from "../../../email/render/experiments.ts";
import { type Html, html } from "../../../html.ts";
import { noticeResults } from "../../../project-matching/notice-results.ts";
import { listDecidedPauses } from "../../../queues/job-pauses.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import {
  badge,
  codeHtml,
  formatCount,
  regionHtml,
  section,
  type Tone,
  timeHtml,
  traceHtml,
} from "../frame/elements.ts";
import { type FilterField, filterForm, hrefOf, idFilter, readFilters, textFilter } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { cursorPager, startOf, TIME_RANGE_NAMES, type TimeRange } from "../frame/older.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";
import { whyHref } from "../notifications/decision-table.ts";
import { pausedSending } from "../pauses/paused.ts";
import { experimentHtml, noticesHtml } from "./experiments.ts";

/** E-mails by status, and experiments. */
export const emailResultsPage: AdminPage = {
  path: "/email-results",
  title: "E-mails",
  section: "Areas",
  role: "viewer",
  routes: emailResults,
};

const PATH = "/admin/email-results";
const PER_PAGE = 50;
const DEFAULT_WITHIN = "7 days";
const STATUSES = emails.status.enumValues;

const filterSchema = z.object({
  within: z.enum(TIME_RANGE_NAMES, "is not a time that can be chosen").default(DEFAULT_WITHIN),
  status: z.enum(STATUSES, "is not a status").optional(),
  reason: textFilter(300),
  before: idFilter,
});

const FIELDS: readonly FilterField[] = [
  { name: "within", label: "Within", choices: TIME_RANGE_NAMES },
  { name: "status", label: "Status", choices: STATUSES },
  { name: "reason", label: "Reason" },
];

/** `GET /email-results`: e-mails by status and reason, the e-mails themselves, results of experiments. */
function emailResults(runtime: Runtime): Router {
  const router = Router();
  router.get("/email-results", (req, res) => showEmails(runtime, req, res));
  return router;
}

async function showEmails(runtime: Runtime, req: Request, res: Response): Promise<void> {
  const on = runtime.db.drizzle;
  const now = runtime.clock.now();
  const filters = readFilters(filterSchema, req);
  const { filter, given } = filters;
  const form = filterForm(PATH, FIELDS, {
    given: { within: DEFAULT_WITHIN, ...given },
    faults: filters.faults,
  });
  if (filter === null) return showPage(res.status(422), { title: "E-mails", body: form });
  const range = await emailsBetween(on, startOf(filter.within, now), null);
  const [pauses, counts, page] = await Promise.all([
    listDecidedPauses(on),
    countEmails(on, range),
    listEmails(on, range, filter, { before: filter.before, limit: PER_PAGE }),
  ]);
  const results = await Promise.all(EXPERIMENTS.map((experiment) => experimentResult(on, experiment)));
  const body = html`${regionHtml("pauses", pausedSending(pauses))}${regionHtml("counts", section(`E-mails within ${filter.within}`, statusTable(counts, filter.within)))}
${section("Newest first", html`${form}${regionHtml("emails", await emailTable(on, page.lines))}${cursorPager(PATH, given, { name: "before", next: page.before })}`)}
${results.map(experimentHtml)}
${noticesHtml(await noticeResults(on, now))}`;
  showPage(res, { title: "E-mails", live: following("emails", "job_pauses"), body });
}

const TONES: Readonly<Partial<Record<EmailLine["status"], Tone>>> = {
  delivered: "good",
  sent: "good",
  pending: "busy",
  bounced: "bad",
  complained: "bad",
  failed: "bad",
  needs_review: "warn",
};

const statusBadge = (status: EmailLine["status"]): Html => badge(status, TONES[status] ?? "idle");

const statusTable = ({ counts, total, isPartial }: EmailCounts, within: TimeRange): Html =>
  html`${isPartial ? html`<p class="dim">More than ${formatCount(total - 1)} e-mails: the newest ones are counted.</p>` : null}${table(
    {
      caption: "E-mails by status and reason",
      columns: [{ title: "Status", kind: "fixed" }, "Reason", { title: "E-mails", kind: "number" }],
      rows: counts.map(({ status, reason, count }) => [
        statusBadge(status),
        reason,
        html`<a href="${hrefOf(PATH, { within, status, reason: reason ?? undefined })}">${formatCount(count)}</a>`,
      ]),
      empty: "There are no e-mails.",
    },
  )}`;

async function emailTable(on: Queryable, lines: readonly EmailLine[]): Promise<Html> {
  const userOf = await userLinks(
    on,
    lines.map(({ userId }) => userId),
  );
  return table({
    caption: "E-mails",
    columns: [
      { title: "E-mail", kind: "number" },
      { title: "Created", kind: "fixed" },
      "User",
      "Content",
      "Status",
      "Reason",
      { title: "Sent", kind: "fixed" },
    ],
    rows: lines.map((line) => [
      codeHtml(line.id),
      timeHtml(line.createdAt),
      userOf(line.userId),
      contentOf(line),
      statusBadge(line.status),
      line.reason,
      timeHtml(line.sentAt),
    ]),
    empty: "No e-mail matches.",
  });
}

function contentOf({ digest, eventId, eventType, trace }: EmailLine): Html | null {
  const traced = trace === null ? null : html`<small>trace ${traceHtml(trace)}</small>`;
  if (digest !== null) return html`${digest} digest${traced}`;
  return eventId === null ? traced : html`<a href="${whyHref({ event: eventId })}">${eventType}</a>${traced}`;
}
