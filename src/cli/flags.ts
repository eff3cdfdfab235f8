import { type Command, Option } from "commander";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Adds a required option. It is checked in a hook, after unknown options have been rejected: a misspelt name
 * is reported as unknown, with a suggestion, instead of as missing.
 */
export function requireFlag(command: Command, option: Option): Command {
  option.description += " (required)";
  return command.addOption(option).hook("preAction", () => {
    if (command.getOptionValue(option.attributeName()) === undefined)
      command.error(`error: the option '${option.flags}' is required`);
  });
}

/** `requireFlag` with the signature of commander's own `requiredOption`. */
export const mandatoryFlag = (command: Command, flags: string, description: string): Command =>
  requireFlag(command, new Option(flags, description));

/** Adds `--json`. */
export const jsonFlag = (command: Command): Command => command.option("--json", "print the result as JSON");

/** The options of a command that changes something. */
export type ChangeFlags = { readonly dryRun?: true; readonly json?: true };

/** Adds `--dry-run` and `--json`. */
export const changeFlags = (command: Command): Command =>
  jsonFlag(command.option("--dry-run", "show what would be done without doing it"));

/** Prints what was changed, or would be. */
export function printChanges<Change>(
  terminal: Terminal,
  { dryRun, json }: ChangeFlags,
  changes: readonly Change[],
  lineOf: (change: Change) => string,
): void {
  const lines = [...changes.map(lineOf), ...(dryRun ? ["Dry run: nothing was changed."] : [])];
  if (json) printJson(terminal, changes);
  else for (const line of lines) printLine(terminal, line);
}
