import type { Command } from "commander";
import { readConfig } from "../config/config.ts";
import { createLog } from "../log.ts";
import { untilSignal } from "../roles/shutdown.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork start`: runs the roles of the configuration until a signal asks it to stop. */
export function addStart(program: Command, terminal: Terminal): void {
  program
    .command("start")
    .description("start the service: the roles in ROLES (api, worker, scheduler), until SIGINT or SIGTERM")
    .action(async () => {
      const config = readConfig(terminal.environment);
      const log = createLog(config.log);
      // Heard from the first moment on: a signal during the start is obeyed once it is through.
      const signalled = untilSignal(log);
      // The web framework is loaded by this command alone: the others answer sooner without it.
      const { startService } = await import("../main.ts");
      const service = await startService(config, log);
      log.info({ signal: await signalled }, "stopping");
      const clean = await service.stop();
      log.info({ clean }, "stopped");
      if (!clean) terminal.exitCode = 1;
    });
}
