import type { Command } from "commander";
import { readConfig } from "../config/config.ts";
import { formatInstant } from "../format-instant.ts";
import { listName, type SourceStatus, sourcesReport } from "../postings/sources-report.ts";
import { listSchedules } from "../schedules/list-schedules.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printTable } from "./print.ts";
import type { Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

/** `commonwork postings:sources`. */
export function definePostingsSources(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    const sources = await readSources(terminal);
    if (json) printJson(terminal, sources);
    else printSources(terminal, sources);
  });
}

async function readSources(terminal: Terminal): Promise<SourceStatus[]> {
  const [{ checkPostingLists }, { timetable }, { scrapeJobPostings }] = await Promise.all([
    import("../ports/postings/postings-port.ts"),
    import("../schedules/timetable.ts"),
    import("../workers/recommendations/scrape-job-postings.ts"),
  ]);
  const { postingSources } = readConfig(terminal.environment);
  checkPostingLists(postingSources);
  const now = new Date();
  return withDatabase(terminal, async ({ drizzle }) => {
    const schedules = await listSchedules(drizzle, timetable, now);
    const nextRun = schedules.find(({ job }) => job === scrapeJobPostings.name)?.nextSlot ?? null;
    return sourcesReport(drizzle, postingSources, { now, nextRun });
  });
}

const COUNTS = ["found", "stored", "duplicates", "failed"] as const;

function printSources(terminal: Terminal, sources: readonly SourceStatus[]): void {
  printTable(
    terminal,
    [
      { title: "List" },
      { title: "Last success" },
      { title: "Next fetch" },
      ...["Found", "Stored", "Duplicates", "Failed"].map((title) => ({ title, align: "right" as const })),
      { title: "Requests today" },
      { title: "Attribution" },
      { title: "Waits for" },
    ],
    sources.map((source) => [
      listName(source),
      formatInstant(source.lastSuccess),
      formatInstant(source.nextFetch),
      ...COUNTS.map((name) => source.counts?.[name] ?? null),
      source.requestsToday === null ? null : `${source.requestsToday} of ${source.terms.requestsPerDay}`,
      source.terms.attribution,
      source.failures > 1 ? `${source.waitsFor} (failed ${source.failures} times)` : source.waitsFor,
    ]),
    "There are no sources.",
  );
}
