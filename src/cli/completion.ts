import { Argument, type Command } from "commander";
import { completionNodes } from "./completion-nodes.ts";
import { completionScript } from "./completion-scripts.ts";
import { printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** `commonwork completion <shell>`: prints a script that completes commands, options and their values. */
export function defineCompletion(
  command: Command,
  terminal: Terminal,
  wholeProgram: () => Promise<Command>,
): void {
  command
    .addArgument(new Argument("<shell>", "the shell that reads the script").choices(SHELLS))
    .addHelpText(
      "after",
      `
bash: source <(commonwork completion bash)
zsh:  source <(commonwork completion zsh), after compinit
fish: commonwork completion fish | source`,
    )
    .action(async (shell: (typeof SHELLS)[number]) => {
      printLine(terminal, completionScript(shell, completionNodes(await wholeProgram())));
    });
}
