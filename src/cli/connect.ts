import type { Command } from "commander";
import { type CheckedMapping, checkMappings, installMirror, installSql } from "../connect/install.ts";
import { readMirrors } from "../connect/installed.ts";
import { sourceName } from "../connect/triggers.ts";
import type { Database } from "../db/client.ts";
import { type ChangeFlags, changeFlags, jsonFlag, printChanges } from "./flags.ts";
import { readMappings } from "./mapping-files.ts";
import { defineMirrors } from "./mirrors.ts";
import { printJson, printLine } from "./print.ts";
import { operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

const DEFAULT_FOLDER = "connect";

/** `commonwork connect check|install|status|backfill|verify|resume|uninstall`. */
export function defineConnect(command: Command, terminal: Terminal): void {
  defineCheck(command, terminal);
  defineInstall(command, terminal);
  defineMirrors(command, terminal);
}

const summaryOf = ({ plan, hidden, zoneless, unreached }: CheckedMapping) => ({
  mirror: plan.table,
  sources: plan.sources.map(sourceName),
  gone: plan.gone,
  hidden,
  zoneless,
  unreached,
});

const linesOf = ({
  mirror,
  sources,
  gone,
  hidden,
  zoneless,
  unreached,
}: ReturnType<typeof summaryOf>): string[] => [
  `${mirror}: reads ${sources.join(", ")}; gone: ${gone}`,
  ...(hidden.length === 0
    ? []
    : [
        `${mirror}: row-level security hides rows of ${hidden.join(", ")} from the service: give its role BYPASSRLS, or a policy for select with using (true)`,
      ]),
  ...unreached.map(
    (source) =>
      `${mirror}: no row of ${source}, of the first 1,000, leads to a row of the select: does the column after "by" have the key?`,
  ),
  ...zoneless.map(
    (column) =>
      `${mirror}: ${column} has no time zone and is read as UTC; in another zone, select it as "${column} at time zone '...'"`,
  ),
];

function defineCheck(command: Command, terminal: Terminal): void {
  const check = command
    .command("check")
    .argument("[folder]", "the folder of the mapping files", DEFAULT_FOLDER)
    .description("check mapping files against the database; changes nothing");
  jsonFlag(check).action(async (folder: string, { json }: { json?: true }) => {
    const mappings = await readMappings(folder);
    const checked = await withDatabase(terminal, (db) => checkMappings(db, mappings));
    const summaries = checked.map(summaryOf);
    if (json) printJson(terminal, summaries);
    else for (const line of summaries.flatMap(linesOf)) printLine(terminal, line);
    if (summaries.some(({ hidden }) => hidden.length > 0)) terminal.exitCode = 1;
  });
}

type InstallFlags = ChangeFlags & { readonly print?: true; readonly withoutTriggers?: true };

function defineInstall(command: Command, terminal: Terminal): void {
  const install = command
    .command("install")
    .argument("[folder]", "the folder of the mapping files", DEFAULT_FOLDER)
    .description("install mirrors, or replace their mappings, and copy the existing rows")
    .option("--print", "print the SQL for the host's tables instead of running it; nothing is installed")
    .option(
      "--without-triggers",
      "create no triggers: the owner of the host's tables has already run the printed SQL",
    );
  changeFlags(install).action(async (folder: string, flags: InstallFlags) => {
    const mappings = await readMappings(folder);
    await withDatabase(terminal, async (db) => {
      const checked = await checkMappings(db, mappings);
      if (flags.print) return terminal.write(checked.map(({ plan }) => installSql(db.schema, plan)).join(""));
      await installAll(terminal, db, checked, flags);
    });
  });
}

async function installAll(
  terminal: Terminal,
  db: Database,
  checked: readonly CheckedMapping[],
  flags: InstallFlags,
): Promise<void> {
  const installed = new Set((await readMirrors(db.drizzle)).map(({ table }) => table));
  const changes = checked.map((one) => ({
    ...summaryOf(one),
    replaces: installed.has(one.plan.table),
    triggers: flags.withoutTriggers !== true,
  }));
  if (!flags.dryRun)
    for (const one of checked)
      await installMirror(db, one, { actor: operator(), triggersExist: flags.withoutTriggers === true });
  printChanges(terminal, flags, changes, ({ mirror, replaces, triggers, sources }) => {
    const verb = replaces ? "replace" : "install";
    if (!flags.dryRun)
      return `${replaces ? "Replaced" : "Installed"} ${mirror}. Its rows are copied by the running workers.`;
    return `Would ${verb} ${mirror}${triggers ? `, with triggers on ${sources.join(", ")}` : ""}.`;
  });
}
