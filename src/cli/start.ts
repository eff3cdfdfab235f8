import type { Command } from "commander";
import { readConfig } from "../config/config.ts";
import { createLog } from "../log.ts";
import { startService } from "../main.ts";
import { untilSignal } from "../roles/shutdown.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork start`: runs the configured roles until a signal. */
export function defineStart(command: Command, terminal: Terminal): void {
  command.action(async () => {
    const config = readConfig(terminal.environment);
    const log = createLog(config.log);
    // Installed first: a signal during the start stops the service once it has started.
    const signalled = untilSignal(log);
    const service = await startService(config, log);
    log.info({ signal: await signalled }, "stopping");
    const clean = await service.stop();
    log.info({ clean }, "stopped");
    if (!clean) terminal.exitCode = 1;
  });
}
