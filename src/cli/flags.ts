import { type Command, Option } from "commander";

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
