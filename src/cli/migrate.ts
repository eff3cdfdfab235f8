import type { Command } from "commander";
import { readDatabaseConfig } from "../config/config.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork migrate`: needs nothing but the database. */
export function addMigrate(program: Command, terminal: Terminal): void {
  jsonFlag(program.command("migrate"))
    .description(
      "bring the schema of the database up to date; safe to run at any time, from several places at once",
    )
    .action(async ({ json }: { json?: true }) => {
      await migrateDatabase(readDatabaseConfig(terminal.environment).databaseUrl);
      if (json) printJson(terminal, { migrated: true });
      else printLine(terminal, "The schema is up to date.");
    });
}
