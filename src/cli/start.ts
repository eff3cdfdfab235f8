import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** `commonwork start`: runs the configured roles until a signal. */
export function defineStart(command: Command, terminal: Terminal): void {
  command.action(async () => {
    const { runService } = await import("./run-service.ts");
    await runService(terminal);
  });
}
