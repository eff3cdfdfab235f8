import type { Command } from "commander";
import { readDatabaseConfig } from "../config/config.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { jsonFlag } from "./flags.ts";
import { printJson, printLine } from "./print.ts";
import type { Terminal } from "./terminal.ts";

/** `commonwork migrate`: needs Postgres only. */
export function defineMigrate(command: Command, terminal: Terminal): void {
  jsonFlag(command).action(async ({ json }: { json?: true }) => {
    const migrated = await migrateDatabase(readDatabaseConfig(terminal.environment));
    if (json) return printJson(terminal, migrated);
    if (migrated.applied.length > 0) printLine(terminal, `Applied ${migrated.applied.join(", ")}.`);
    printLine(terminal, "The schema is up to date.");
    for (const { feature, reason } of migrated.featuresOff)
      printLine(terminal, `Off: ${feature} (${reason})`);
  });
}
