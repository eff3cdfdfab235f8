import { type Command, Option } from "commander";

/**
 * Adds an option that cannot be left out. It is asked for after unknown options have been refused: who mistyped its name is told
 * so, and not that it is missing.
 */
export function requireFlag(command: Command, option: Option): Command {
  option.description += " (required)";
  return command.addOption(option).hook("preAction", () => {
    if (command.getOptionValue(option.attributeName()) === undefined)
      command.error(`error: the option '${option.flags}' is required`);
  });
}

/** The same with the words of commander's own `requiredOption`. */
export const mandatoryFlag = (command: Command, flags: string, description: string): Command =>
  requireFlag(command, new Option(flags, description));

/** Gives a command its `--json`. */
export const jsonFlag = (command: Command): Command =>
  command.option("--json", "print the answer as JSON, for programs");
