import type { Command } from "commander";

/** A word that can come next, with its description. */
export type CompletionWord = { readonly word: string; readonly meaning: string };

/** The completions that can follow the words of a command. */
export type CompletionNode = {
  /** The words that lead to it, without `commonwork`. */
  readonly path: readonly string[];
  /** Subcommands, or the choices of the first argument. */
  readonly words: readonly CompletionWord[];
  readonly options: readonly (CompletionWord & {
    /** The values of the option; null if it takes none, empty if any. */
    readonly values: readonly string[] | null;
  })[];
};

/** Every command and subcommand of a program. */
export function completionNodes(program: Command, path: readonly string[] = []): CompletionNode[] {
  const subcommands = program.commands.map((command) => ({
    word: command.name(),
    meaning: command.description(),
  }));
  const choices = (program.registeredArguments[0]?.argChoices ?? []).map((word) => ({ word, meaning: "" }));
  const options = program.options.flatMap(({ long, description, argChoices, required, optional }) =>
    long
      ? [{ word: long, meaning: description, values: required || optional ? (argChoices ?? []) : null }]
      : [],
  );
  const help = { word: "--help", meaning: "display help for command", values: null };
  const node = { path, words: [...subcommands, ...choices], options: [...options, help] };
  return [
    node,
    ...program.commands.flatMap((command) => completionNodes(command, [...path, command.name()])),
  ];
}
