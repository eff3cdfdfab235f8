import { ledgerChecks } from "../../cli/ledger-checks.ts";
import { formatDuration, runResult } from "../../cli/runs.ts";
import { formatNumber, formatTable } from "../../cli/table.ts";
import type { Run } from "../../queues/runs.ts";
import type { Books, DeliveryFate, Earner } from "./demo-figures.ts";
import type { DemoLog } from "./demo-log.ts";

export const left = (title: string) => ({ title });
export const right = (title: string) => ({ title, align: "right" }) as const;

/** Text moved in by two spaces, as everything below a heading is. */
const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

/** A heading, and what stands below it. */
export const section = (title: string, body: string): string => `\n${title}\n\n${indented(body)}`;

export const fatesText = (fates: readonly DeliveryFate[]): string =>
  section(
    `What became of ${fates.reduce((sum, { sent }) => sum + sent, 0)} deliveries`,
    formatTable(
      [left("Delivery"), right("Sent"), left("Answer"), left("In the end")],
      fates.map(({ kind, sent, answers, became }) => [kind, sent, answers, became]),
    ),
  );

export const runsText = (runs: readonly Run[]): string =>
  section(
    "Every job, run once by the workers",
    formatTable(
      [left("Job"), left("Ended"), right("Took"), left("What it did")],
      runs.map((run) => [run.job, run.status, formatDuration(run), runResult(run)]),
    ),
  );

export const earnersText = (earners: readonly Earner[]): string =>
  section(
    "Who earned most",
    formatTable(
      [
        left("Volunteer"),
        left("Organization"),
        right("Referrers above"),
        right("Branch below"),
        right("Commissions"),
        right("Balance"),
      ],
      earners.map((e) => [e.name, e.organization, e.level, e.branch, e.lines, e.balance]),
    ),
  );

export function booksText(books: Books, counts: Readonly<Record<string, number>>): string {
  const checks = ledgerChecks(counts).map(({ promise, faults }) => [
    promise,
    faults === 0 ? "holds" : `${faults} FAULTS`,
  ]);
  return section(
    "The books",
    `${formatTable([left("Promise"), left("")], checks)}
treasury ${books.treasury} + volunteers ${books.volunteers} + held ${books.held} = ${books.sum}, in ${formatNumber(books.transactions)} transactions
`,
  );
}

export const logText = (counted: ReturnType<DemoLog["release"]>): string =>
  counted.length === 0
    ? ""
    : section(
        "The log at level warn and above, meanwhile",
        formatTable(
          [right("Lines"), left("Level"), left("Message")],
          counted.map(({ times, level, message }) => [times, level, message]),
        ),
      );
