import { Router } from "express";
import { type Html, html } from "../../../html.ts";
import { listName, type SourceStatus, sourcesReport } from "../../../postings/sources-report.ts";
import type { Runtime } from "../../../roles/runtime.ts";
import { listSchedules } from "../../../schedules/list-schedules.ts";
import { scrapeJobPostings } from "../../../workers/recommendations/scrape-job-postings.ts";
import { regionHtml, textHtml, timeHtml } from "../frame/elements.ts";
import type { AdminPage } from "../frame/navigation.ts";
import { following, showPage } from "../frame/page.ts";
import { table } from "../frame/table.ts";

/** Where postings come from. */
export const postingSourcesPage: AdminPage = {
  path: "/postings-sources",
  title: "Postings' sources",
  section: "Areas",
  role: "viewer",
  routes: postingSourceRoutes,
};

/** `GET /postings-sources`: every source with its lists, their counts, and why a list waits. */
function postingSourceRoutes(runtime: Runtime): Router {
  const router = Router();
  router.get("/postings-sources", async (_req, res) => {
    const on = runtime.db.drizzle;
    const now = runtime.clock.now();
    const schedules = await listSchedules(on, runtime.timetable, now);
    const nextRun = schedules.find(({ job }) => job === scrapeJobPostings.name)?.nextSlot ?? null;
    const sources = await sourcesReport(on, runtime.config.postingSources, { now, nextRun });
    const body = regionHtml("sources", sourceTable(sources));
    showPage(res, { title: "Postings' sources", live: following("job_runs", "outside_requests"), body });
  });
  return router;
}

const sourceTable = (sources: readonly SourceStatus[]): Html =>
  table({
    caption: "Sources of postings",
    columns: [
      "List",
      { title: "Last success", kind: "fixed" },
      { title: "Next fetch", kind: "fixed" },
      { title: "Found", kind: "number" },
      { title: "Stored", kind: "number" },
      { title: "Duplicates", kind: "number" },
      { title: "Failed", kind: "number" },
      "Requests today",
      "Waits for",
    ],
    rows: sources.map((source) => [
      html`${textHtml(listName(source))}<small class="dim">${source.about}</small>`,
      timeHtml(source.lastSuccess),
      timeHtml(source.nextFetch),
      source.counts?.found,
      source.counts?.stored,
      source.counts?.duplicates,
      source.counts?.failed,
      source.requestsToday === null ? null : `${source.requestsToday} of ${source.terms.requestsPerDay}`,
      source.failures > 1 ? `${source.waitsFor} (failed ${source.failures} times)` : source.waitsFor,
    ]),
    empty: "There are no sources.",
  });
