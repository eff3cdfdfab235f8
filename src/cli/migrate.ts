import type { Command } from "commander";
import { readDatabaseConfig } from "../config/config.ts";
import { MIGRATE_WAIT_S, type Migrated, migrateDatabase } from "../db/migrate/migrate.ts";
import { rolesSql } from "../db/roles.ts";
import { jsonFlag } from "./flags.ts";
import { integerOption } from "./number-option.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

type Options = { readonly json?: true; readonly printRoles?: true; readonly wait: number };

/** `commonwork migrate`: needs Postgres only, and with `--print-roles` not even that. */
export function defineMigrate(command: Command, terminal: Terminal): void {
  jsonFlag(command)
    .option("--print-roles", "print the SQL that creates roles with the rights they need, and stop")
    .option(
      "--wait <seconds>",
      "how long to wait for a Postgres that does not answer",
      integerOption("--wait", 0, 3_600),
      MIGRATE_WAIT_S,
    )
    .action(async ({ json, printRoles, wait }: Options) => {
      const address = readDatabaseConfig(terminal.environment);
      if (printRoles) return terminal.write(rolesSql(address));
      const migrated = await migrateDatabase(address, {
        waitMs: wait * 1_000,
        onWait: (reason) =>
          terminal.writeError(`No connection to Postgres at ${reason}. Waiting for up to ${wait} s.\n`),
      });
      if (json) printJson(terminal, migrated);
      else printMigrated(terminal, migrated);
    });
}

function printMigrated(terminal: Terminal, { applied, results }: Migrated): void {
  if (applied.length > 0) printLine(terminal, `Applied ${applied.join(", ")}.`);
  printLine(terminal, "The schema is up to date.");
  if (results.written.length > 0)
    printLine(
      terminal,
      `Created ${results.written.length} views of results in the schema ${results.schema}.`,
    );
  if (results.off !== null) printLine(terminal, `The views of results are not up to date. ${results.off}`);
}
