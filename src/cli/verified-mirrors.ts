import { compareMirrors, type Verified, type VerifyOptions } from "../connect/verify.ts";
import type { Database } from "../db/client.ts";
import { estimatesFor, mirrorProgress, verifiedSoFar } from "./mirror-progress.ts";
import { printJson, printTable } from "./print.ts";
import { operator, type Terminal } from "./terminal.ts";

type JsonFlag = { readonly json?: true };

type Verifying = Pick<VerifyOptions, "repair" | "catchUp"> & { readonly mirrors: readonly string[] };

/** Compares mirrors with their selects, with a progress bar on a terminal unless JSON is printed. */
export async function verify(
  terminal: Terminal,
  db: Database,
  { json }: JsonFlag,
  options: Verifying,
): Promise<Verified[]> {
  const { mirrors } = options;
  const bar = mirrorProgress(terminal, "verify", { mirrors: mirrors.length, silent: json === true });
  try {
    const estimates = await estimatesFor(terminal, db, mirrors);
    const verified = await compareMirrors(db, {
      ...options,
      actor: operator(),
      onProgress: (mirror, rows) => bar.update(verifiedSoFar(mirrors, { mirror, rows }, estimates)),
    });
    bar.update(mirrors.map((mirror) => ({ mirror, rows: 0, share: 1 })));
    return verified;
  } finally {
    bar.stop();
  }
}

/** Prints how many rows of each mirror differ: a table, or JSON. */
export function printVerified(terminal: Terminal, { json }: JsonFlag, verified: readonly Verified[]): void {
  if (json) printJson(terminal, verified);
  else printVerifiedTable(terminal, verified);
}

function printVerifiedTable(terminal: Terminal, verified: readonly Verified[]): void {
  printTable(
    terminal,
    [
      { title: "Mirror" },
      { title: "Rows", align: "right" },
      { title: "Differ", align: "right" },
      { title: "Examples" },
    ],
    verified.map(({ mirror, rows, count, differing }) => [
      mirror,
      rows,
      count,
      differing.slice(0, 3).join(" "),
    ]),
    "There are no mirrors to compare.",
  );
}
