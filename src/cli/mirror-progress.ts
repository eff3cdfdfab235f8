import cliProgress from "cli-progress";
import { estimateRows } from "../connect/estimate-rows.ts";
import { type Mirror, readMirrors } from "../connect/installed.ts";
import type { Database } from "../db/client.ts";
import type { Terminal } from "./terminal.ts";

/** How far the comparison of a mirror is. */
export type ComparedMirror = {
  readonly mirror: string;
  /** The rows that were compared so far. */
  readonly rows: number;
  /** About which part of the work is done: from 0 to 1, which means that it has ended. */
  readonly share: number;
};

/** One progress bar over the comparison of several mirrors. */
export type MirrorProgress = { update(mirrors: readonly ComparedMirror[]): void; stop(): void };

const PERCENT = 100;
/** The part of a mirror that is not known to have ended. */
const MOST = 0.99;

/** A bar on a terminal; nothing in a pipe, or if it shall be silent. */
export function mirrorProgress(
  terminal: Terminal,
  title: string,
  { mirrors, silent }: { readonly mirrors: number; readonly silent: boolean },
): MirrorProgress {
  if (silent || !terminal.interactive) return { update: () => undefined, stop: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${title} [{bar}] {percentage}% {current}`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(mirrors * PERCENT, 0, { current: "" });
  return {
    update(compared) {
      const current = compared.find(({ share }) => share < 1);
      bar.update(Math.floor(compared.reduce((sum, { share }) => sum + share * PERCENT, 0)), {
        current: current === undefined ? "" : `${current.mirror}: ${current.rows} rows compared`,
      });
    },
    stop: () => bar.stop(),
  };
}

/** The rows of each mirror by estimate; none are looked up if nobody sees the bar. */
export const estimatesFor = async (
  terminal: Terminal,
  db: Database,
  mirrors: readonly string[],
): Promise<ReadonlyMap<string, number>> =>
  terminal.interactive
    ? estimateRows(
        db,
        (await readMirrors(db.drizzle)).filter(({ table }) => mirrors.includes(table)),
      )
    : new Map();

function shareOf(rows: number, estimate: number | undefined): number {
  if (rows === 0 || estimate === undefined) return 0;
  return rows >= estimate ? MOST : (rows / estimate) * MOST;
}

/** The progress of mirrors that are compared one after the other, while one of them is. */
export function verifiedSoFar(
  mirrors: readonly string[],
  { mirror: current, rows }: { readonly mirror: string; readonly rows: number },
  estimates: ReadonlyMap<string, number>,
): ComparedMirror[] {
  const at = mirrors.indexOf(current);
  return mirrors.map((mirror, index) => {
    if (index === at) return { mirror, rows, share: shareOf(rows, estimates.get(mirror)) };
    return { mirror, rows: 0, share: index < at ? 1 : 0 };
  });
}

/** The progress of a resync: the rows of the host, then our own. That of a stopped mirror has ended. */
export function resyncedSoFar(
  { table, resync, resyncRows: rows, stopped }: Pick<Mirror, "table" | "resync" | "resyncRows" | "stopped">,
  estimates: ReadonlyMap<string, number>,
): ComparedMirror {
  const mirror = table;
  if (resync === null || stopped) return { mirror, rows: 0, share: 1 };
  const share = shareOf(rows, estimates.get(mirror));
  return { mirror, rows, share: resync === "host" ? share / 2 : (1 + share) / 2 };
}
