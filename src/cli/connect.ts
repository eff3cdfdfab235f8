import type { Command } from "commander";
import { type CheckedMapping, checkMappings, installMirror } from "../connect/install.ts";
import { installSql } from "../connect/install-sql.ts";
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

const summaryOf = ({ plan, hidden, unreadable, zoneless, unreached, unfit }: CheckedMapping) => ({
  mirror: plan.table,
  sources: plan.sources.map(sourceName),
  gone: plan.gone,
  hidden,
  unreadable,
  zoneless,
  unreached,
  unfit,
});

const linesOf = ({
  mirror,
  sources,
  gone,
  hidden,
  unreadable,
  zoneless,
  unreached,
  unfit,
}: ReturnType<typeof summaryOf>): string[] => [
  `${mirror}: reads ${sources.join(", ")}; gone: ${gone}`,
  ...(hidden.length === 0
    ? []
    : [
        `${mirror}: row-level security hides rows of ${hidden.join(", ")} from the service: give its role BYPASSRLS, or a policy for select with using (true)`,
      ]),
  ...(unreadable.length === 0
    ? []
    : [`${mirror}: the service may not read its tables yet; install runs: ${unreadable.join("; ")}`]),
  ...unfit.map((fault) => `${mirror}: ${fault}`),
  ...unreached.map(
    (source) =>
      `${mirror}: none of the first 1,000 rows of ${source} matches a row of the select: does the column after "by" hold the key?`,
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
    if (summaries.some(({ hidden, unfit }) => hidden.length + unfit.length > 0)) terminal.exitCode = 1;
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
      if (flags.print) return terminal.write(printedSql(db.schema, checked));
      await installAll(terminal, db, checked, flags);
    });
  });
}

const printedSql = (schema: string, checked: readonly CheckedMapping[]): string =>
  `-- Run by a superuser, or by a role that may act as the owner of these tables and as that of the schema ${schema}.
-- Each table is changed in a transaction of its own, which fails if it waits two seconds for a writer. Then
-- run this again.
-- Afterwards: commonwork connect install --without-triggers
${checked.map(({ plan }) => installSql(schema, plan)).join("")}`;

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
  const left: string[] = [];
  if (!flags.dryRun)
    for (const one of checked)
      left.push(
        ...(await installMirror(db, one, {
          actor: operator(),
          triggersExist: flags.withoutTriggers === true,
        })),
      );
  printChanges(terminal, flags, changes, ({ mirror, replaces, triggers, sources }) => {
    const verb = replaces ? "replace" : "install";
    if (!flags.dryRun)
      return `${replaces ? "Replaced" : "Installed"} ${mirror}. Its rows are copied by the running workers.`;
    return `Would ${verb} ${mirror}${triggers ? `, with triggers on ${sources.join(", ")}` : ""}.`;
  });
  if (left.length === 0) return;
  terminal.writeError(
    `The service may not read the tables yet. Their owner must run: ${[...new Set(left)].join("; ")}\n`,
  );
  terminal.exitCode = 1;
}
