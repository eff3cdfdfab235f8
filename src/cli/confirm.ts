import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { type ChangeFlags, changeFlags } from "./flags.ts";
import { CliError, type Terminal } from "./terminal.ts";

/** Asks the operator. @throws CliError if the terminal is not interactive. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.interactive) throw new CliError("Not a terminal: pass --yes to confirm.");
  const dialogue = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await dialogue.question(`${question} [y/N] `)).trim());
  } finally {
    dialogue.close();
  }
}

/** The options of a command for decisions that cannot be undone. */
export type DecisionOptions = ChangeFlags & { readonly reason?: string; readonly yes?: true };

/** Adds `--reason`, `--yes`, `--dry-run` and `--json`. */
export function decisionFlags(command: Command): Command {
  command.option("--reason <text>", "why, for the audit log; required unless --dry-run is given");
  command.option("--yes", "skip the confirmation");
  return changeFlags(command);
}

const MAX_REASON_LENGTH = 500;

/** The reason of a decision. @throws CliError if it is missing. */
export function requireReason({ reason = "" }: DecisionOptions): string {
  const given = reason.trim();
  if (given === "" || given.length > MAX_REASON_LENGTH)
    throw new CliError(
      `Give a reason with --reason, in up to ${MAX_REASON_LENGTH} characters; the audit log keeps it.`,
    );
  return given;
}

/** Asks for a confirmation, unless --yes was given. @throws CliError if it is denied. */
export async function requireConfirmation(
  terminal: Terminal,
  { yes }: DecisionOptions,
  question: string,
): Promise<void> {
  if (yes !== true && !(await confirm(terminal, question))) throw new CliError("Nothing was changed.");
}
