import { ledgerChecks } from "../../cli/ledger-checks.ts";
import { formatDuration, runResult } from "../../cli/runs.ts";
import { formatTable } from "../../cli/table.ts";
import { formatNumber } from "../../format-counts.ts";
import type { Run } from "../../queues/runs.ts";
import type { Books, CallResult, Earner } from "./demo-figures.ts";
import type { DemoLog } from "./demo-log.ts";

export const left = (title: string) => ({ title });
export const right = (title: string) => ({ title, align: "right" }) as const;

/** Indents by two spaces, like everything below a heading. */
const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

/** A heading and its body. */
export const reportSection = (title: string, body: string): string => `\n${title}\n\n${indented(body)}`;

export const callsText = (results: readonly CallResult[]): string =>
  reportSection(
    `Results of ${results.reduce((sum, { sent }) => sum + sent, 0)} webhook calls`,
    formatTable(
      [left("Call"), right("Sent"), left("Response"), left("Result")],
      results.map(({ kind, sent, responses, result }) => [kind, sent, responses, result]),
    ),
  );

export const runsText = (runs: readonly Run[]): string =>
  reportSection(
    "Every job, run once by the workers",
    formatTable(
      [left("Job"), left("Status"), right("Took"), left("Result")],
      runs.map((run) => [run.job, run.status, formatDuration(run), runResult(run)]),
    ),
  );

export const earnersText = (earners: readonly Earner[]): string =>
  reportSection(
    "Top earners",
    formatTable(
      [
        left("Volunteer"),
        left("Organization"),
        right("Referrers above"),
        right("Referred below"),
        right("Commissions"),
        right("Balance"),
      ],
      earners.map((e) => [e.name, e.organization, e.level, e.branch, e.lines, e.balance]),
    ),
  );

export function booksText(books: Books, counts: Readonly<Record<string, number>>): string {
  const checks = ledgerChecks(counts).map(({ promise, faults }) => [
    promise,
    faults === 0 ? "ok" : `${faults} VIOLATIONS`,
  ]);
  return reportSection(
    "Ledger checks",
    `${formatTable([left("Invariant"), left("")], checks)}
treasury ${books.treasury} + volunteers ${books.volunteers} + held ${books.held} = ${books.sum}, in ${formatNumber(books.transactions)} transactions
`,
  );
}

export const logText = (counted: ReturnType<DemoLog["release"]>): string =>
  counted.length === 0
    ? ""
    : reportSection(
        "Warnings and errors logged so far",
        formatTable(
          [right("Lines"), left("Level"), left("Message")],
          counted.map(({ times, level, message }) => [times, level, message]),
        ),
      );
