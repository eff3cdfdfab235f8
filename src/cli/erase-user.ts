import type { Command } from "commander";
import { type DecisionOptions, decisionFlags } from "./confirm.ts";
import { USER_ID_FORMS } from "./references.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork erase-user <user>`: erases the personal data of a user. */
export function defineEraseUser(command: Command, terminal: Terminal): void {
  command.argument("<user>", `the user: ${USER_ID_FORMS}`);
  decisionFlags(command).action(async (user: string, options: DecisionOptions) => {
    const { runErasure } = await import("./run-erasure.ts");
    await runErasure(terminal, user, options);
  });
}
