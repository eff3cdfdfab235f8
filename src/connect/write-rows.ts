import { sql } from "drizzle-orm";
import { HOST_TIMES_SETTING } from "../db/schema-keys.ts";
import type { Tx } from "../db/transaction.ts";
import { type Keys, type Mirror, MirrorStopped } from "./installed.ts";
import { isolate, REPEATED_KEY, type RefusedKey } from "./isolate.ts";
import { type WriteResult, type WrittenKeys, writeRows } from "./mirror-statements.ts";
import { withoutNudges } from "./muted-rows.ts";
import { pendingGroups } from "./pending-records.ts";
import type { MirrorPlan } from "./plan.ts";
import { readHost } from "./read-host.ts";
import { withSetting } from "./with-setting.ts";

/** The outcome of rows, with those that Postgres refused. */
type Wrote = { readonly written: WrittenKeys; readonly refused: readonly RefusedKey[] };

/** Writes the rows of some keys, separately those that cause no nudge. */
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
  const groups = await pendingGroups(tx, plan.table, keys);
  for (const { names, keys: alike } of groups) {
    const columns = plan.columns.filter(({ name }) => names.includes(name));
    wrote.push(await writePlan(tx, { ...plan, columns }, alike));
  }
  const pending = new Set(groups.flatMap(({ keys: alike }) => alike));
  const absent = keys.filter((key) => !pending.has(key));
  return merged([...wrote, { written: { ...NO_KEYS, absent }, refused: [] }]);
}

async function writePlan(tx: Tx, plan: MirrorPlan, keys: readonly string[]): Promise<Wrote> {
  const { results, refused } = await withHostTimes(tx, plan, () =>
    isolate(tx, keys, async (savepoint, some) => {
      const [written] = await readHost<WriteResult>(savepoint, plan, writeRows(plan, some));
      if (written?.hasRepeatedKey) throw new MirrorStopped(REPEATED_KEY);
      return written as WrittenKeys;
    }),
  );
  return merged([...results.map((written) => ({ written, refused: [] })), { written: NO_KEYS, refused }]);
}

const HOST_TIMES = sql.raw(HOST_TIMES_SETTING);

/** A trigger sets `updated_at` of a row that changes without it, unless the host provides it. */
const withHostTimes = <T>(tx: Tx, { columns }: MirrorPlan, work: () => Promise<T>): Promise<T> =>
  columns.some(({ name }) => name === "updated_at") ? withSetting(tx, HOST_TIMES, work) : work();

const NO_KEYS: WrittenKeys = { absent: [], waiting: [], fresh: [], hasFaults: false };

function merged(parts: readonly Wrote[]): Wrote {
  const all = (part: "absent" | "waiting" | "fresh") => parts.flatMap(({ written }) => written[part]);
  const hasFaults = parts.some(({ written }) => written.hasFaults);
  return {
    written: { absent: all("absent"), waiting: all("waiting"), fresh: all("fresh"), hasFaults },
    refused: parts.flatMap(({ refused }) => refused),
  };
}
