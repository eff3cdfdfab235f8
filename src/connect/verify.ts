import { audit } from "../db/audit.ts";
import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/transaction.ts";
import { type Mirror, noteKeys, readMirrors } from "./installed.ts";
import { differingKeys, nextHostKeys, nextOwnKeys } from "./mirror-statements.ts";
import { readHost } from "./read-host.ts";

/** What a verification found in one mirror. */
export type Verified = {
  readonly mirror: string;
  /** Rows of the host that were compared. */
  readonly rows: number;
  /** Keys whose rows differ, at most MAX_LISTED of them. */
  readonly differing: readonly string[];
  readonly count: number;
};

export type VerifyOptions = {
  /** Only these mirrors; default: all. */
  readonly mirrors?: readonly string[];
  /** Notes what differs, so that the running workers copy it. */
  readonly repair?: boolean;
  /** For the audit log. */
  readonly actor: string;
  /** Brings the mirrors up to date before a second look at rows that differ. */
  catchUp(): Promise<unknown>;
  /** Receives the rows of a mirror that were compared so far. */
  onProgress?(mirror: string, rows: number): void;
};

const KEYS_PER_PART = 10_000;
const MAX_LISTED = 100;

/**
 * Compares every row of mirrors with what its select gives. It finds what no trigger could note. A row that
 * differs is compared again once the mirrors have caught up: its change may have been on the way.
 *
 * Mirrors that are stopped are left out.
 */
export async function verifyMirrors(db: Database, options: VerifyOptions): Promise<Verified[]> {
  const installed = (await readMirrors(db.drizzle)).filter(({ stopped }) => !stopped);
  const chosen = installed.filter(({ table }) => options.mirrors?.includes(table) ?? true);
  const verified: Verified[] = [];
  for (const mirror of chosen) verified.push(await verifyMirror(db, mirror, options));
  return verified;
}

async function verifyMirror(db: Database, mirror: Mirror, options: VerifyOptions): Promise<Verified> {
  const { table } = mirror;
  let rows = 0;
  const suspects = new Set<string>();
  for await (const { keys, phase } of partsOf(db, mirror)) {
    for (const key of await differing(db, mirror, keys)) suspects.add(key);
    if (phase === "host") rows += keys.length;
    options.onProgress?.(table, rows);
  }
  const left = suspects.size === 0 ? [] : await compareAgain(db, mirror, [...suspects], options);
  if (options.repair === true && left.length > 0) {
    await inTransaction(db, async (tx) => {
      await noteKeys(tx, table, left);
      await audit(tx, {
        actor: options.actor,
        action: "mirror.repair",
        subject: `mirrors:${table}`,
        details: { rows: left.length },
      });
    });
  }
  return { mirror: table, rows, differing: left.slice(0, MAX_LISTED), count: left.length };
}

async function compareAgain(
  db: Database,
  mirror: Mirror,
  suspects: readonly string[],
  { catchUp }: VerifyOptions,
): Promise<string[]> {
  await catchUp();
  const left: string[] = [];
  for (let from = 0; from < suspects.length; from += KEYS_PER_PART)
    left.push(...(await differing(db, mirror, suspects.slice(from, from + KEYS_PER_PART))));
  return left.sort();
}

type Part = { readonly phase: "host" | "own"; readonly keys: readonly string[] };

/** The keys of the host in order, then our own. */
async function* partsOf(db: Database, { plan }: Mirror): AsyncGenerator<Part> {
  for (const phase of ["host", "own"] as const) {
    const next = phase === "host" ? nextHostKeys : nextOwnKeys;
    for (let after: string | null = null; ; ) {
      const statement = next(plan, after, KEYS_PER_PART);
      const found: { key: string }[] = await inTransaction(db, (tx) =>
        readHost<{ key: string }>(tx, statement),
      );
      const keys = found.map(({ key }) => key);
      after = keys.at(-1) ?? null;
      if (after === null) break;
      yield { phase, keys };
    }
  }
}

const differing = (db: Database, { plan }: Mirror, keys: readonly string[]): Promise<string[]> =>
  inTransaction(db, async (tx) => {
    const found = await readHost<{ key: string }>(tx, differingKeys(plan, keys));
    return found.map(({ key }) => key);
  });
