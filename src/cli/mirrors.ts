import type { Command } from "commander";
import { backfillMirrors, resumeMirror, uninstallMirror } from "../connect/install.ts";
import { type Mirror, readMirrors } from "../connect/installed.ts";
import { applyNoted } from "../connect/mirroring.ts";
import { type MirrorStatus, mirrorStatus } from "../connect/status.ts";
import { sourceName } from "../connect/triggers.ts";
import type { Database } from "../db/client.ts";
import { formatInstant } from "../format-instant.ts";
import { printable } from "../printable.ts";
import { requireConfirmation } from "./confirm.ts";
import { type ChangeFlags, changeFlags, jsonFlag, printChanges } from "./flags.ts";
import { followBackfill } from "./follow-backfill.ts";
import { printJson, printLine, printTable } from "./print.ts";
import { CliError, operator, type Terminal } from "./terminal.ts";
import { printVerified, verify } from "./verified-mirrors.ts";
import { withDatabase } from "./with-database.ts";

/** `commonwork connect status|backfill|verify|resume|uninstall`: the commands about installed mirrors. */
export function defineMirrors(command: Command, terminal: Terminal): void {
  defineStatus(command, terminal);
  defineBackfill(command, terminal);
  defineVerify(command, terminal);
  defineResume(command, terminal);
  defineUninstall(command, terminal);
}

function defineStatus(command: Command, terminal: Terminal): void {
  const status = command
    .command("status")
    .description(
      "list the mirrors: pending changes, failed rows, trigger errors; exit code 1 if one needs an operator",
    );
  jsonFlag(status).action(async ({ json }: { json?: true }) => {
    const { mirrors, schema } = await withDatabase(terminal, async (db) => ({
      mirrors: await mirrorStatus(db.drizzle, db.schema),
      schema: db.schema,
    }));
    if (json) printJson(terminal, mirrors);
    else printStatus(terminal, mirrors, schema);
    const needsOperator = ({ state, triggerFaults, faults }: MirrorStatus) =>
      state === "stopped" || triggerFaults.length > 0 || faults > 0;
    if (mirrors.some(needsOperator)) terminal.exitCode = 1;
  });
}

function printStatus(terminal: Terminal, mirrors: readonly MirrorStatus[], schema: string): void {
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
  for (const { mirror, reason, resync, triggerFaults, faults, examples } of mirrors)
    for (const line of [
      ...(reason === null ? [] : [reason]),
      ...(resync === null ? [] : [`${resync.rows} ${ROWS[resync.of]} are compared so far`]),
      ...triggerFaults,
      ...examples.map(({ key, why }) => `row ${printable(key)}: ${why}`),
      ...(faults > examples.length
        ? [`more: select * from ${schema}.mirror_faults where mirror = '${mirror}'`]
        : []),
    ])
      printLine(terminal, `${mirror}: ${line}`);
}

const ROWS = { host: "rows of the host", own: "mirrored rows" };

type BackfillFlags = ChangeFlags & { readonly detach?: true };

function defineBackfill(command: Command, terminal: Terminal): void {
  const backfill = command
    .command("backfill")
    .argument("[mirror...]", "only these mirrors")
    .description("compare all rows of the host with the mirrors again, and copy what differs")
    .option("--detach", "return at once instead of showing on a terminal how far the workers are");
  changeFlags(backfill).action(async (names: string[], flags: BackfillFlags) => {
    await withDatabase(terminal, async (db) => {
      const mirrors = tablesOf(await chosenMirrors(db, names));
      if (flags.dryRun) {
        // Mirrors are not brought up to date first: that would copy recorded changes as well.
        const verified = await verify(terminal, db, flags, { mirrors, catchUp: async () => undefined });
        printVerified(terminal, flags, verified);
      } else {
        await backfillMirrors(db, mirrors, operator());
        if (terminal.interactive && !flags.json && !flags.detach)
          return followBackfill(terminal, db, mirrors);
        const changes = mirrors.map((mirror) => ({ mirror }));
        printChanges(
          terminal,
          flags,
          changes,
          ({ mirror }) => `${mirror} is being compared by the running workers.`,
        );
      }
    });
  });
}

type VerifyFlags = { readonly repair?: true; readonly json?: true };

function defineVerify(command: Command, terminal: Terminal): void {
  const declared = command
    .command("verify")
    .argument("[mirror...]", "only these mirrors")
    .description("compare every row with the result of its select; exit code 1 if any differs")
    .option("--repair", "let the running workers copy what differs");
  jsonFlag(declared).action(async (names: string[], { repair, ...flags }: VerifyFlags) => {
    const verified = await withDatabase(terminal, async (db) =>
      verify(terminal, db, flags, {
        mirrors: tablesOf(await chosenMirrors(db, names)),
        repair: repair === true,
        catchUp: () => applyNoted(db),
      }),
    );
    printVerified(terminal, flags, verified);
    const differs = verified.some(({ count }) => count > 0);
    if (differs && repair && !flags.json)
      printLine(terminal, "The rows that differ are queued; running workers will copy them.");
    if (differs) terminal.exitCode = 1;
  });
}

type ResumeFlags = ChangeFlags & { readonly acceptRemovals?: true };

function defineResume(command: Command, terminal: Terminal): void {
  const resume = command
    .command("resume")
    .argument("<mirror>", "the mirror")
    .description("resume a stopped mirror; all rows of the host are compared")
    .option("--accept-removals", "remove every row that the host has deleted, however many there are");
  changeFlags(resume).action(async (mirror: string, flags: ResumeFlags) => {
    await withDatabase(terminal, async (db) => {
      const statuses = await mirrorStatus(db.drizzle, db.schema);
      const status = statuses.find((each) => each.mirror === mirror);
      if (status === undefined) throw unknownMirror(mirror);
      const { state, reason } = status;
      const acceptsRemovals = flags.acceptRemovals === true;
      if (!flags.dryRun) await resumeMirror(db, mirror, { actor: operator(), acceptsRemovals });
      const changes = [{ mirror, was: state, reason, acceptsRemovals }];
      printChanges(terminal, flags, changes, () =>
        flags.dryRun
          ? `${mirror} would continue. It is ${state}${reason === null ? "" : `: ${reason}`}.`
          : `${mirror} is resumed.`,
      );
    });
  });
}

type UninstallFlags = ChangeFlags & { readonly yes?: true };

function defineUninstall(command: Command, terminal: Terminal): void {
  const uninstall = command
    .command("uninstall")
    .argument("[mirror...]", "only these mirrors")
    .description(
      "remove the triggers from the host's tables, and the rights that installing gave; mirrored rows are kept",
    )
    .option("--yes", "skip the confirmation");
  changeFlags(uninstall).action(async (names: string[], { yes, ...flags }: UninstallFlags) => {
    await withDatabase(terminal, async (db) => {
      const chosen = await chosenMirrors(db, names);
      if (!flags.dryRun && chosen.length > 0) {
        const question = `Remove the triggers of ${tablesOf(chosen).join(", ")}?`;
        await requireConfirmation(terminal, yes ? { yes } : {}, question);
      }
      const changes = chosen
        .map(({ table, plan }) => ({ mirror: table, sources: plan.sources.map(sourceName) }))
        .reverse();
      const left: string[] = [];
      if (!flags.dryRun)
        for (const { mirror } of changes)
          left.push(...((await uninstallMirror(db, mirror, operator())) ?? []));
      printChanges(terminal, flags, changes, ({ mirror, sources }) =>
        flags.dryRun
          ? `Would uninstall ${mirror}, with its triggers on ${sources.join(", ")}.`
          : `Uninstalled ${mirror}.`,
      );
      if (left.length === 0) return;
      terminal.writeError(
        `The service may still read the tables. Their owner can run: ${[...new Set(left)].join("; ")}\n`,
      );
      terminal.exitCode = 1;
    });
  });
}

/**
 * The named mirrors, or all, those that others refer to first; not those of records, which have no select.
 * @throws CliError for one that is not installed.
 */
async function chosenMirrors(db: Database, names: readonly string[]): Promise<Mirror[]> {
  const installed = (await readMirrors(db.drizzle)).filter(({ ofRecords }) => !ofRecords);
  const unknown = names.find((name) => !installed.some(({ table }) => table === name));
  if (unknown !== undefined) throw unknownMirror(unknown);
  return names.length > 0 ? installed.filter(({ table }) => names.includes(table)) : installed;
}

const tablesOf = (mirrors: readonly Mirror[]): string[] => mirrors.map(({ table }) => table);

const unknownMirror = (name: string): CliError => new CliError(`There is no mirror ${name}.`);
