import { readConfig } from "../config/config.ts";
import { openReporting, startService } from "../main.ts";
import { untilSignal } from "../roles/shutdown.ts";
import type { Terminal } from "./terminal.ts";

/** Starts the service, and stops it at the first signal. */
export async function runService(terminal: Terminal): Promise<void> {
  const config = readConfig(terminal.environment);
  const reporting = await openReporting(config);
  const { log } = reporting;
  // Installed first: a signal during the start stops the service once it has started.
  const signalled = untilSignal(log);
  const service = await startService(config, reporting);
  log.info({ signal: await signalled }, "stopping");
  const clean = await service.stop();
  log.info({ clean }, "stopped");
  if (!clean) terminal.exitCode = 1;
}
