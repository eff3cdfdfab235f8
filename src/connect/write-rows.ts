import { sql } from "drizzle-orm";
import { HOST_TIMES_SETTING } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";
import type { Keys, Mirror } from "./installed.ts";
import { isolate, type RefusedKey } from "./isolate.ts";
import { type WrittenKeys, writeRows } from "./mirror-statements.ts";
import { withoutNudges } from "./muted-rows.ts";
import { pendingGroups } from "./pending-records.ts";
import type { MirrorPlan } from "./plan.ts";
import { readHost } from "./read-host.ts";
import { withSetting } from "./with-setting.ts";

/** What became of rows, and which of them Postgres refused. */
type Wrote = { readonly written: WrittenKeys; readonly refused: readonly RefusedKey[] };

/** Writes the rows of some keys, those that make no nudge due apart. */
export async function writeMirrorRows(
  tx: Tx,
  mirror: Mirror,
  keys: readonly string[],
  quietKeys: Keys,
): Promise<Wrote> {
  const isQuiet = (key: string) => quietKeys.get(mirror.table)?.has(key) === true;
  const quiet = keys.filter(isQuiet);
  const others = keys.filter((key) => !isQuiet(key));
  const both: Wrote[] = [];
  if (quiet.length > 0) both.push(await withoutNudges(tx, () => write(tx, mirror, quiet)));
  if (others.length > 0) both.push(await write(tx, mirror, others));
  return merged(both);
}

async function write(tx: Tx, { plan, ofRecords }: Mirror, keys: readonly string[]): Promise<Wrote> {
  if (!ofRecords) return writePlan(tx, plan, keys);
  const wrote: Wrote[] = [];
  for (const { names, keys: alike } of await pendingGroups(tx, plan.table, keys)) {
    const columns = plan.columns.filter(({ name }) => names.includes(name));
    wrote.push(await writePlan(tx, { ...plan, columns }, alike));
  }
  return merged(wrote);
}

async function writePlan(tx: Tx, plan: MirrorPlan, keys: readonly string[]): Promise<Wrote> {
  const { results, refused } = await withHostTimes(tx, plan, () =>
    isolate(tx, keys, async (savepoint, some) => {
      const [written] = await readHost<WrittenKeys>(savepoint, plan, writeRows(plan, some));
      return written as WrittenKeys;
    }),
  );
  return merged([...results.map((written) => ({ written, refused: [] })), { written: NO_KEYS, refused }]);
}

const HOST_TIMES = sql.raw(HOST_TIMES_SETTING);

/** A trigger sets `updated_at` of a row that changes without it, unless the host says what it is. */
const withHostTimes = <T>(tx: Tx, { columns }: MirrorPlan, work: () => Promise<T>): Promise<T> =>
  columns.some(({ name }) => name === "updated_at") ? withSetting(tx, HOST_TIMES, work) : work();

const NO_KEYS: WrittenKeys = { present: [], waiting: [], fresh: [] };

function merged(parts: readonly Wrote[]): Wrote {
  const all = (part: keyof WrittenKeys) => parts.flatMap(({ written }) => written[part]);
  return {
    written: { present: all("present"), waiting: all("waiting"), fresh: all("fresh") },
    refused: parts.flatMap(({ refused }) => refused),
  };
}
