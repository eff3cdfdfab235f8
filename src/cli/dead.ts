import type { Command } from "commander";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { formatInstant } from "../format-instant.ts";
import {
  countDeadLetters,
  type DeadLetterFilter,
  discardDeadLetters,
  inspectDeadLetter,
  listDeadLetters,
  type RetryResult,
  retryDeadLetters,
} from "../queues/dead-letters.ts";
import { type DecisionOptions, decisionFlags, requireConfirmation, requireReason } from "./confirm.ts";
import { jsonFlag } from "./flags.ts";
import { instantOption } from "./instant-option.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatFacts } from "./table.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

type Filters = { id?: string; job?: string; queue?: string; error?: string; since?: Date; until?: Date };
type Options = Filters &
  DecisionOptions & { limit: number; perSecond: number; all?: true; prepareAnew?: true };

/** `commonwork dead list|show|retry|discard`. */
export function defineDead(command: Command, terminal: Terminal): void {
  const list = command.command("list").description("list dead letters, newest first");
  list.option("--limit <number>", "how many", integerOption("--limit", 1, 10_000), 50);
  jsonFlag(filterFlags(list)).action((options: Options) => listLetters(terminal, options));

  const show = command
    .command("show")
    .argument("<id>", "the id of the entry")
    .description("show one dead letter with its payload");
  jsonFlag(show).action((id: string, options: Options) => showLetter(terminal, id, options));

  const retry = command
    .command("retry")
    .description("retry dead letters with all their attempts, oldest first");
  const perSecond = integerOption("--per-second", 1, 10_000);
  retry.option("--all", "every dead letter, without a filter");
  retry.option("--per-second <number>", "how many become due per second", perSecond, 50);
  retry.option(
    "--prepare-anew",
    "build the requests of outside calls anew instead of resending the stored ones, which may already have been sent",
  );
  decisionFlags(filterFlags(retry)).action(async (options: Options) => {
    // Only this command needs the jobs.
    const { catalogue } = await import("../workers/index.ts");
    const { perSecond, prepareAnew = false } = options;
    await decide(terminal, options, prepareAnew ? RETRY_PREPARED : RETRY, (tx, filter, reason) =>
      retryDeadLetters(tx, filter, { actor: operator(), reason, catalogue, perSecond, prepareAnew }),
    );
  });

  const discard = command
    .command("discard")
    .description("delete dead letters permanently; the audit log records which");
  discard.option("--all", "every dead letter, without a filter");
  decisionFlags(filterFlags(discard)).action((options: Options) =>
    decide(terminal, options, DISCARD, async (tx, filter, reason) => ({
      discarded: await discardDeadLetters(tx, filter, { actor: operator(), reason }),
    })),
  );
}

const supersededText = ({ superseded }: RetryResult): string =>
  superseded === 0
    ? ""
    : ` ${superseded === 1 ? "1 belongs to a run that a newer run has replaced, and stays" : `${superseded} belong to runs that newer runs have replaced, and stay`} dead: discard them.`;

/** The words of a decision. */
type Words<R> = {
  readonly question: (letters: string) => string;
  readonly wouldBe: string;
  readonly done: (result: R) => string;
};

const RETRY: Words<RetryResult> = {
  question: (found) => `Retry ${found}?`,
  wouldBe: "retried",
  done: (result) => `${letters(result.retried)} will be retried.${supersededText(result)}`,
};

const RETRY_PREPARED: Words<RetryResult> = {
  ...RETRY,
  question: (found) =>
    `Retry ${found} with new requests? If a stored request already took effect, the new one repeats it.`,
};

const DISCARD: Words<{ readonly discarded: number }> = {
  question: (found) => `Delete ${found} permanently?`,
  wouldBe: "discarded",
  done: ({ discarded }) => `${letters(discarded)} discarded.`,
};

/** Shows what would be done, or does it once it is confirmed. */
async function decide<R>(
  terminal: Terminal,
  options: Options,
  { question, wouldBe, done }: Words<R>,
  work: (tx: Tx, filter: DeadLetterFilter, reason: string) => Promise<R>,
): Promise<void> {
  const filter = requireFilter(options);
  if (options.dryRun) {
    await listLetters(terminal, { ...options, limit: DRY_RUN_LIMIT });
    const found = await withDatabase(terminal, (db) => countDeadLetters(db.drizzle, filter));
    if (!options.json)
      printLine(terminal, `Dry run: ${letters(found)} would be ${wouldBe}. Nothing was changed.`);
    return;
  }
  const reason = requireReason(options);
  const result = await withDatabase(terminal, async (db) => {
    const found = await countDeadLetters(db.drizzle, filter);
    await requireConfirmation(terminal, options, question(letters(found)));
    return inTransaction(db, (tx) => work(tx, filter, reason));
  });
  if (options.json) printJson(terminal, result);
  else printLine(terminal, done(result));
}

const DRY_RUN_LIMIT = 50;

const letters = (count: number): string => (count === 1 ? "1 dead letter" : `${count} dead letters`);

function filterFlags(command: Command): Command {
  command.option("--id <number>", "the entry with this id");
  command.option("--job <name>", "of this job");
  command.option("--queue <name>", "of this queue");
  command.option("--error <text>", "whose error contains this text");
  command.option("--since <time>", "that died since: 30m, 2h, 7d, or an instant", instantOption);
  command.option("--until <time>", "that died before: 30m, 2h, 7d ago, or an instant", instantOption);
  return command;
}

function filterFrom({ id, job, queue, error, since, until }: Filters): DeadLetterFilter {
  return { id: id === undefined ? undefined : entryId(id), job, queue, error, from: since, until };
}

/** A bulk change needs a filter or an explicit --all, not both. */
function requireFilter(options: Options): DeadLetterFilter {
  const filter = filterFrom(options);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (filtered === (options.all === true))
    throw new CliError(
      "Select dead letters with --id, --job, --queue, --error, --since or --until, or pass --all.",
    );
  return filter;
}

function entryId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new CliError(`The id of an entry is a number, not "${text}".`);
  return text;
}

async function listLetters(terminal: Terminal, options: Options): Promise<void> {
  const filter = filterFrom(options);
  const found = await withDatabase(terminal, (db) => listDeadLetters(db.drizzle, filter, options.limit));
  if (options.json) return printJson(terminal, found);
  printTable(
    terminal,
    [
      { title: "Id", align: "right" },
      ...["Queue", "Job", "Key"].map((title) => ({ title })),
      { title: "Attempts", align: "right" },
      ...["Died", "Error"].map((title) => ({ title })),
    ],
    found.map((l) => [l.id, l.queue, l.job, l.key, l.attempts, formatInstant(l.deadAt), l.error]),
    "No dead letters found.",
  );
}

async function showLetter(terminal: Terminal, id: string, { json }: Options): Promise<void> {
  const letter = await withDatabase(terminal, (db) => inspectDeadLetter(db.drizzle, entryId(id)));
  if (!letter) throw new CliError(`There is no dead letter ${id}.`);
  if (json) return printJson(terminal, letter);
  terminal.write(
    formatFacts({
      id: letter.id,
      queue: letter.queue,
      job: letter.job,
      key: letter.key,
      attempts: letter.attempts,
      enqueued: formatInstant(letter.askedAt),
      died: formatInstant(letter.deadAt),
      slot: formatInstant(letter.slot),
      run: letter.run,
      error: letter.error,
      payload: JSON.stringify(letter.payload),
      request: letter.request === null ? null : JSON.stringify(letter.request),
    }),
  );
}
