import { Command, CommanderError } from "commander";
import { VERSION } from "../http/version.ts";
import { createLog } from "../log.ts";
import { normalizeWords } from "./argv.ts";
import { addCalendar } from "./calendar.ts";
import { addDead } from "./dead.ts";
import { addDev } from "./dev.ts";
import { messageFor } from "./error-message.ts";
import { addExplain } from "./explain.ts";
import { addHolds } from "./holds.ts";
import { addJobs } from "./jobs.ts";
import { addLedgerVerify } from "./ledger-verify.ts";
import { addMigrate } from "./migrate.ts";
import { addQueues } from "./queues.ts";
import { addReferral } from "./referral.ts";
import { addReferralTree } from "./referral-tree.ts";
import { addRun } from "./run.ts";
import { addRuns } from "./runs.ts";
import { addSale } from "./sale.ts";
import { addSchedules } from "./schedules.ts";
import { addStart } from "./start.ts";
import { addStatement } from "./statement.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The whole of `commonwork`: reads the words, does what they say, gives back the exit code. Every fault ends in one message on
 * the side of complaints, and in code 1.
 */
export async function runCli(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await createProgram(terminal).parseAsync(normalizeWords(words), { from: "user" });
    return terminal.exitCode;
  } catch (error) {
    return codeFor(error, terminal);
  }
}

/** Every command, with its flags and what it does. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("commonwork");
  // Before the commands, which inherit it: nothing here ends the program but its caller.
  program
    .exitOverride()
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.complain })
    .showHelpAfterError("(--help lists what there is)")
    .description("The background work of a community platform.")
    .version(VERSION, "--version", "print the version");
  addStart(program, terminal);
  addMigrate(program, terminal);
  addRun(program, terminal);
  addRuns(program, terminal);
  addJobs(program, terminal);
  addQueues(program, terminal);
  addSchedules(program, terminal);
  addDead(program, terminal);
  addSale(program, terminal);
  addReferral(program, terminal);
  addReferralTree(program, terminal);
  addStatement(program, terminal);
  addHolds(program, terminal);
  addExplain(program, terminal);
  addCalendar(program, terminal);
  addLedgerVerify(program, terminal);
  addDev(program, terminal);
  return program;
}

function codeFor(error: unknown, terminal: Terminal): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode;
  const message = messageFor(error);
  if (message !== null) terminal.complain(`${message}\n`);
  // The log knows which messages may hold values and leaves those out.
  else
    createLog({ level: "fatal", format: "text", destination: { write: terminal.complain } }).fatal(
      { err: error },
      "this was not foreseen",
    );
  return 1;
}
