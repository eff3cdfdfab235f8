import type { Command } from "commander";
import { readDatabaseConfig } from "../config/config.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork migrate`: needs Postgres only. */
export function defineMigrate(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    await migrateDatabase(readDatabaseConfig(terminal.environment).databaseUrl);
    if (json) printJson(terminal, { migrated: true });
    else printLine(terminal, "The schema is up to date.");
  });
}
