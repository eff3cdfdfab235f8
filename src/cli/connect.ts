import type { Command } from "commander";
import {
  checkMappings,
  installMirror,
  installSql,
  resumeMirror,
  uninstallMirror,
} from "../connect/install.ts";
import { beginResync, readMirrors } from "../connect/installed.ts";
import { applyNoted } from "../connect/mirroring.ts";
import { type MirrorStatus, mirrorStatus } from "../connect/status.ts";
import { type Verified, verifyMirrors } from "../connect/verify.ts";
import type { Database } from "../db/client.ts";
import { formatInstant } from "../format-instant.ts";
import { requireConfirmation } from "./confirm.ts";
import { jsonFlag } from "./flags.ts";
import { readMappings } from "./mapping-files.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { withDatabase } from "./with-database.ts";

const DEFAULT_FOLDER = "connect";

/** `commonwork connect check|install|status|backfill|verify|resume|uninstall`. */
export function defineConnect(command: Command, terminal: Terminal): void {
  defineCheck(command, terminal);
  defineInstall(command, terminal);
  defineStatus(command, terminal);
  defineBackfill(command, terminal);
  defineVerify(command, terminal);
  defineResume(command, terminal);
  defineUninstall(command, terminal);
}

function defineCheck(command: Command, terminal: Terminal): void {
  command
    .command("check")
    .argument("[folder]", "the folder of the mapping files", DEFAULT_FOLDER)
    .description("check mapping files against the database; changes nothing")
    .action(async (folder: string) => {
      const mappings = await readMappings(folder);
      const checked = await withDatabase(terminal, (db) => checkMappings(db, mappings));
      for (const { plan } of checked) {
        const sources = plan.sources.map(({ schema, table }) => `${schema}.${table}`).join(", ");
        printLine(terminal, `${plan.table}: reads ${sources}; gone: ${plan.gone}`);
      }
    });
}

type InstallFlags = { readonly print?: true; readonly withoutTriggers?: true };

function defineInstall(command: Command, terminal: Terminal): void {
  command
    .command("install")
    .argument("[folder]", "the folder of the mapping files", DEFAULT_FOLDER)
    .description("install mirrors, or replace their mappings, and copy the rows that are there")
    .option("--print", "print the SQL for the host's tables instead of running it; nothing is installed")
    .option("--without-triggers", "the owner of the host's tables has run the printed SQL already")
    .action(async (folder: string, { print, withoutTriggers }: InstallFlags) => {
      const mappings = await readMappings(folder);
      await withDatabase(terminal, async (db) => {
        const checked = await checkMappings(db, mappings);
        for (const one of checked) {
          if (print) terminal.write(installSql(db.schema, one.plan));
          else {
            await installMirror(db, one, { actor: operator(), triggersExist: withoutTriggers === true });
            printLine(terminal, `Installed ${one.plan.table}. Its rows are copied by the running workers.`);
          }
        }
      });
    });
}

function defineStatus(command: Command, terminal: Terminal): void {
  const status = command
    .command("status")
    .description(
      "list the mirrors: what waits, what failed, what is wrong with triggers; exit code 1 if anything is",
    );
  jsonFlag(status).action(async ({ json }: { json?: true }) => {
    const mirrors = await withDatabase(terminal, (db) => mirrorStatus(db.drizzle, db.schema));
    if (json) printJson(terminal, mirrors);
    else printStatus(terminal, mirrors);
    const needsSomebody = ({ state, triggerFaults, faults }: MirrorStatus) =>
      state === "stopped" || triggerFaults.length > 0 || faults > 0;
    if (mirrors.some(needsSomebody)) terminal.exitCode = 1;
  });
}

function printStatus(terminal: Terminal, mirrors: readonly MirrorStatus[]): void {
  printTable(
    terminal,
    [
      { title: "Mirror" },
      { title: "State" },
      { title: "Notes", align: "right" },
      { title: "Oldest note" },
      { title: "Waiting", align: "right" },
      { title: "Faults", align: "right" },
    ],
    mirrors.map((m) => [m.mirror, m.state, m.notes, formatInstant(m.oldestNote), m.waiting, m.faults]),
    "There are no mirrors.",
  );
  for (const { mirror, reason, triggerFaults } of mirrors)
    for (const fault of [...(reason === null ? [] : [reason]), ...triggerFaults])
      printLine(terminal, `${mirror}: ${fault}`);
}

function defineBackfill(command: Command, terminal: Terminal): void {
  command
    .command("backfill")
    .argument("[mirror...]", "only these mirrors")
    .description("compare all rows of the host with the mirrors again, and copy what differs")
    .action(async (names: string[]) => {
      await withDatabase(terminal, async (db) => {
        const chosen = await chosenMirrors(db, names);
        await beginResync(db.drizzle, chosen);
        for (const name of chosen) printLine(terminal, `${name} is compared by the running workers.`);
      });
    });
}

function defineVerify(command: Command, terminal: Terminal): void {
  const verify = command
    .command("verify")
    .argument("[mirror...]", "only these mirrors")
    .description("compare every row with what its select gives; exit code 1 if any differs")
    .option("--repair", "let the running workers copy what differs");
  jsonFlag(verify).action(async (names: string[], { repair, json }: { repair?: true; json?: true }) => {
    const verified = await withDatabase(terminal, async (db) => {
      const mirrors = await chosenMirrors(db, names);
      return verifyMirrors(db, {
        mirrors,
        repair: repair === true,
        actor: operator(),
        catchUp: () => applyNoted(db),
        ...(terminal.interactive ? { onProgress: progressOn(terminal) } : {}),
      });
    });
    if (json) printJson(terminal, verified);
    else printVerified(terminal, verified);
    if (verified.some(({ count }) => count > 0)) terminal.exitCode = 1;
  });
}

const progressOn = (terminal: Terminal) => (mirror: string, rows: number) =>
  terminal.writeError(`\r${mirror}: ${rows} rows compared`);

function printVerified(terminal: Terminal, verified: readonly Verified[]): void {
  printTable(
    terminal,
    [
      { title: "Mirror" },
      { title: "Rows", align: "right" },
      { title: "Differ", align: "right" },
      { title: "Such as" },
    ],
    verified.map(({ mirror, rows, count, differing }) => [
      mirror,
      rows,
      count,
      differing.slice(0, 3).join(" "),
    ]),
    "There are no mirrors that could be compared.",
  );
}

function defineResume(command: Command, terminal: Terminal): void {
  command
    .command("resume")
    .argument("<mirror>", "the mirror")
    .description("let a stopped mirror go on; all rows of the host are compared")
    .option("--accept-removals", "remove the rows that the host has no more, however many")
    .action(async (mirror: string, { acceptRemovals }: { acceptRemovals?: true }) => {
      const options = { actor: operator(), acceptsRemovals: acceptRemovals === true };
      await withDatabase(terminal, async (db) => {
        if (!(await resumeMirror(db, mirror, options))) throw unknownMirror(mirror);
      });
      printLine(terminal, `${mirror} goes on.`);
    });
}

function defineUninstall(command: Command, terminal: Terminal): void {
  command
    .command("uninstall")
    .argument("[mirror...]", "only these mirrors")
    .description("remove the triggers from the host's tables; the rows that were mirrored stay")
    .option("--yes", "skip the confirmation")
    .action(async (names: string[], { yes }: { yes?: true }) => {
      await withDatabase(terminal, async (db) => {
        const chosen = await chosenMirrors(db, names);
        const question = `Remove the triggers of ${chosen.join(", ")}?`;
        if (chosen.length > 0) await requireConfirmation(terminal, yes ? { yes } : {}, question);
        for (const name of [...chosen].reverse()) {
          await uninstallMirror(db, name, operator());
          printLine(terminal, `Uninstalled ${name}.`);
        }
      });
    });
}

/** The named mirrors, or all. @throws CliError for one that is not installed. */
async function chosenMirrors(db: Database, names: readonly string[]): Promise<string[]> {
  const installed = (await readMirrors(db.drizzle)).map(({ table }) => table);
  const unknown = names.find((name) => !installed.includes(name));
  if (unknown !== undefined) throw unknownMirror(unknown);
  return names.length > 0 ? [...names] : installed;
}

const unknownMirror = (name: string): CliError => new CliError(`There is no mirror ${name}.`);
