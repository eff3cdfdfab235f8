import type { Command } from "commander";
import { HOST_TABLES, hostTable } from "../connect/host-tables.ts";
import { HISTORY } from "../connect/notification-history.ts";
import { changeFlags } from "./flags.ts";
import { importHistory } from "./import-history.ts";
import { type ImportFlags, importTable } from "./import-table.ts";
import { CliError, type Terminal } from "./terminal.ts";

/** The name of the import that is not a table. */
const NOTIFICATION_HISTORY = "notification-history";

/** `commonwork import <table> <file>` and `commonwork import notification-history <file>`. */
export function defineImport(command: Command, terminal: Terminal): void {
  command
    .argument("<table>", `one of our tables that a host fills, or ${NOTIFICATION_HISTORY}`)
    .argument("<file>", "NDJSON, or CSV with a header")
    .option("--format <format>", "ndjson or csv; default: by the extension of the file")
    .option("--set-version <version>", "the version of rows that have none", "0")
    .option("--report <file>", "where to write the refused lines; default: beside the file")
    .addHelpText(
      "after",
      `\nTables: ${Object.keys(HOST_TABLES).join(", ")}.\nKinds of ${NOTIFICATION_HISTORY}: ${Object.keys(HISTORY).join(", ")}.`,
    );
  changeFlags(command).action(async (table: string, file: string, flags: ImportFlags) => {
    if (table === NOTIFICATION_HISTORY) return importHistory(terminal, file, flags);
    if (hostTable(table) === null)
      throw new CliError(`A host does not fill ${table}. See commonwork import --help.`);
    await importTable(terminal, table, file, flags);
  });
}
