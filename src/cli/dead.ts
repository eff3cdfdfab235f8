import type { Command } from "commander";
import {
  type DeadLetterFilter,
  discardDeadLetters,
  inspectDeadLetter,
  listDeadLetters,
  retryDeadLetters,
} from "../queues/dead-letters.ts";
import { jsonFlag } from "./flags.ts";
import { wholeNumber } from "./number-option.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { formatFacts, formatInstant } from "./table.ts";
import { operator, Refusal, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-runtime.ts";

type Filters = { id?: string; job?: string; queue?: string; error?: string };
type Options = Filters & { limit: number; perSecond: number; all?: true; json?: true };

/** `commonwork dead list|show|retry|discard`: the dead letters. */
export function addDead(program: Command, terminal: Terminal): void {
  const dead = program
    .command("dead")
    .description("look at work that used up its attempts, retry it or discard it");

  const list = dead.command("list").description("list dead letters, newest first");
  list.option("--limit <number>", "how many", wholeNumber("--limit", 1, 10_000), 50);
  filterFlags(list).action((options: Options) => listLetters(terminal, options));

  const show = dead
    .command("show")
    .argument("<id>", "the number of the entry")
    .description("show one, with its payload");
  jsonFlag(show).action((id: string, options: Options) => showLetter(terminal, id, options));

  const retry = dead
    .command("retry")
    .description("make them due again, with all their attempts, oldest first");
  const perSecond = wholeNumber("--per-second", 1, 10_000);
  retry.option("--all", "without any filter: every dead letter");
  retry.option("--per-second <number>", "at most so many become due each second", perSecond, 50);
  filterFlags(retry).action(async (options: Options) => {
    const chosen = chosenLetters(options);
    const how = { actor: operator(), perSecond: options.perSecond };
    const retried = await withDatabase(terminal, (db) => retryDeadLetters(db, chosen, how));
    answer(terminal, options, { retried }, `${retried} dead letters are due again.`);
  });

  const discard = dead.command("discard").description("give them up for good; the audit log keeps which");
  discard.option("--all", "without any filter: every dead letter");
  filterFlags(discard).action(async (options: Options) => {
    const chosen = chosenLetters(options);
    const discarded = await withDatabase(terminal, (db) =>
      discardDeadLetters(db, chosen, { actor: operator() }),
    );
    answer(terminal, options, { discarded }, `${discarded} dead letters were discarded.`);
  });
}

function filterFlags(command: Command): Command {
  command.option("--id <number>", "the entry with this number");
  command.option("--job <name>", "of this job");
  command.option("--queue <name>", "of this queue");
  command.option("--error <text>", "whose error contains this text");
  return jsonFlag(command);
}

function filterFrom({ id, job, queue, error }: Filters): DeadLetterFilter {
  return { id: id === undefined ? undefined : entryId(id), job, queue, error };
}

/** What changes many entries at once is told which, or told that it is all of them. */
function chosenLetters(options: Options): DeadLetterFilter {
  const filter = filterFrom(options);
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (filtered === (options.all === true)) {
    throw new Refusal("Name which ones by --id, --job, --queue or --error, or say --all.");
  }
  return filter;
}

function entryId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new Refusal(`An entry is named by its number, not by "${text}".`);
  return text;
}

async function listLetters(terminal: Terminal, options: Options): Promise<void> {
  const filter = filterFrom(options);
  const letters = await withDatabase(terminal, (db) => listDeadLetters(db.drizzle, filter, options.limit));
  if (options.json) return printJson(terminal, letters);
  printTable(
    terminal,
    [
      { title: "Id", align: "right" },
      ...["Queue", "Job", "Key"].map((title) => ({ title })),
      { title: "Tries", align: "right" },
      ...["Died", "Error"].map((title) => ({ title })),
    ],
    letters.map((l) => [l.id, l.queue, l.job, l.key, l.attempts, formatInstant(l.deadAt), l.error]),
    "There are no such dead letters.",
  );
}

async function showLetter(terminal: Terminal, id: string, { json }: Options): Promise<void> {
  const letter = await withDatabase(terminal, (db) => inspectDeadLetter(db.drizzle, entryId(id)));
  if (!letter) throw new Refusal(`There is no dead letter ${id}.`);
  if (json) return printJson(terminal, letter);
  terminal.write(
    formatFacts({
      id: letter.id,
      queue: letter.queue,
      job: letter.job,
      key: letter.key,
      tries: letter.attempts,
      asked: formatInstant(letter.askedAt),
      died: formatInstant(letter.deadAt),
      slot: formatInstant(letter.slot),
      run: letter.run,
      error: letter.error,
      payload: JSON.stringify(letter.payload),
      request: letter.request === null ? null : JSON.stringify(letter.request),
    }),
  );
}

function answer(terminal: Terminal, { json }: Options, value: object, sentence: string): void {
  if (json) printJson(terminal, value);
  else printLine(terminal, sentence);
}
