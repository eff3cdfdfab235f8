import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Queryable } from "../../../db/statement.ts";
import { type Html, html } from "../../../html.ts";
import {
  countRefusals,
  latestRefusals,
  type RefusalCount,
  type RefusedMedia,
} from "../../../media/refused-media.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { badge, formatCount, regionHtml, section, timeHtml } from "../frame/elements.ts";
import { type FilterField, filterForm, hrefOf, readFilters } from "../frame/filters.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";
import { userLinks } from "../frame/user-links.ts";

/** Files that were rejected, or could not be read. */
export const mediaPage: AdminPage = {
  path: "/media",
  title: "Rejected media",
  section: "Areas",
  role: "viewer",
  routes: mediaRoutes,
};

const PATH = "/admin/media";
const SHOWN = 100;

const filterSchema = z.object({
  reason: z
    .string()
    .regex(/^[a-z-]{1,60}$/, "is not a reason")
    .optional(),
});

const FIELDS: readonly FilterField[] = [{ name: "reason", label: "Reason", placeholder: "too-long" }];

/** `GET /media?reason=`: refused files by reason, and the latest ones. */
function mediaRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/media", (req, res) => showMedia(runtime.db.drizzle, req, res));
  return router;
}

async function showMedia(on: Queryable, req: Request, res: Response): Promise<void> {
  const filters = readFilters(filterSchema, req);
  const { filter } = filters;
  const title = "Rejected media";
  const form = filterForm(PATH, FIELDS, filters);
  if (filter === null) return showPage(res.status(422), { title, body: form });
  const [counts, latest] = await Promise.all([
    countRefusals(on),
    latestRefusals(on, { reason: filter.reason, limit: SHOWN }),
  ]);
  const body = html`${regionHtml("counts", section("By reason", countTable(counts)))}
${section("Checked last", html`${form}${regionHtml("latest", await refusalTable(on, latest))}`)}`;
  showPage(res, { title, live: following("media"), body });
}

const statusBadge = (status: RefusedMedia["status"]): Html =>
  status === "REJECTED" ? badge("rejected", "warn") : badge("could not be read", "bad");

const countTable = (counts: readonly RefusalCount[]): Html =>
  table({
    caption: "Refused files by reason",
    columns: ["Reason", "Kind", { title: "Result", kind: "fixed" }, { title: "Files", kind: "number" }],
    rows: counts.map(({ reason, kind, status, count }) => [
      html`<a href="${hrefOf(PATH, { reason })}">${reason}</a>`,
      kind,
      statusBadge(status),
      formatCount(count),
    ]),
    empty: "No file was rejected.",
  });

async function refusalTable(on: Queryable, refused: readonly RefusedMedia[]): Promise<Html> {
  const userOf = await userLinks(
    on,
    refused.map(({ ownerId }) => ownerId),
  );
  return table({
    caption: "Refused files",
    columns: [
      "Media",
      "Owner",
      "Kind",
      "Content",
      { title: "Result", kind: "fixed" },
      "Reasons",
      { title: "Failed checks", kind: "number" },
      { title: "Checked", kind: "fixed" },
    ],
    rows: refused.map((media) => [
      media.media,
      userOf(media.ownerId),
      media.kind,
      media.mimeType,
      statusBadge(media.status),
      media.reasons.join(", "),
      media.failures,
      timeHtml(media.checkedAt),
    ]),
    empty: "No file matches.",
  });
}
