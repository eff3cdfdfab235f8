import type { Argument, Command, Option } from "commander";
import { markdownTable } from "./markdown-table.ts";

/** Its commands are the jobs, which docs/jobs.md describes. */
const RUN = "run";

/** One section for each command, for docs/reference/commands.md. */
export const commandSections = (program: Command): string =>
  program.commands.flatMap((command) => leavesOf(command, [program.name()])).join("\n\n");

function leavesOf(command: Command, path: readonly string[]): string[] {
  const words = [...path, command.name()];
  if (command.name() === RUN) {
    const job = command.commands[0];
    if (!job) return [];
    const own = job.options.filter(({ long }) =>
      ["--dry-run", "--inline", "--detach", "--json"].includes(long ?? ""),
    );
    return [section(`${words.join(" ")} <job>`, command.description(), [], own)];
  }
  const below = command.commands.flatMap((one) => leavesOf(one, words));
  // A group alone does nothing; `queues` and the like are commands themselves.
  const isGroup = below.length > 0 && command.options.length === 0;
  if (isGroup) return below;
  const usage = [...words, ...command.registeredArguments.map(usageOf)].join(" ");
  return [section(usage, command.description(), command.registeredArguments, command.options), ...below];
}

const usageOf = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

function section(
  usage: string,
  description: string,
  args: readonly Argument[],
  options: readonly Option[],
): string {
  const rows = [
    ...args.map((argument) => [`\`${usageOf(argument)}\``, argument.description]),
    ...options.map((option) => [`\`${option.flags}\``, optionMeaning(option)]),
  ];
  const sentence = `${description.charAt(0).toUpperCase()}${description.slice(1)}.`;
  const table = rows.length > 0 ? [markdownTable(["Option", "Meaning"], rows)] : [];
  return [`## \`${usage}\``, sentence, ...table].join("\n\n");
}

const optionMeaning = ({ description, defaultValue }: Option): string =>
  defaultValue === undefined || Array.isArray(defaultValue)
    ? description
    : `${description} (default: ${defaultValue})`;
