import { availableParallelism } from "node:os";
import { sql } from "drizzle-orm";
import { MAX_ID } from "../db/id-ranges.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { UserScope } from "../db/user-scope.ts";
import { type ListVersion, servedVersion } from "../db/versions.ts";
import type { ComputeContext } from "../queues/job.ts";
import type { EarlierVersion } from "../scoring/people/earlier-people.ts";
import type { LoadedPeople } from "../scoring/people/loaded-people.ts";
import type { LoadInput } from "./pair.task.ts";
import { readChangedIds, readPositions, readStoredPeople } from "./person-facts.ts";
import { openPlacementLog, type PlacementLog } from "./placement-log.ts";

const TASKS = new URL(`./pair.task.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

/** Calls a task of src/people/pair.task.ts on a thread. */
export const pairOnThread = <Result>({ compute, signal }: ComputeContext, task: string, input: unknown) =>
  compute.threads.call<Result>(TASKS, task, input, signal);

/** Aborted calls leave their slot of the memory in use, so there are more slots than threads. */
const SLOTS_PER_THREAD = 4;

/** The people of a version, and the key under which threads keep them. */
export type KeptPeople = {
  readonly key: string;
  readonly loaded: LoadedPeople;
  /** `changes` of the version when they were read. */
  readonly changes: number;
  /** The placements since then. */
  readonly placements: PlacementLog;
};

/**
 * The people of a version are read again after this many placements. Until then each placement also compares
 * with everybody placed since, one by one.
 */
const PLACED_PER_COPY = 1_000;
/** How long unused people stay in memory. Changed profiles arrive one at a time. */
const KEEP_MS = 10 * 60_000;

/**
 * Calls `work` with the people of a version, which this process reads once and its threads share.
 */
export function withPeople<Result>(
  context: ComputeContext,
  version: ListVersion,
  options: LoadOptions,
  work: (people: KeptPeople) => Promise<Result>,
): Promise<Result> {
  const key = `pairs of version ${version.id} from change ${version.changes - (version.changes % PLACED_PER_COPY)}`;
  const load = async (): Promise<KeptPeople> => ({
    // Another copy has another order, so it needs another key: threads cache opened people by it.
    key: `${key}, copy ${++copies}`,
    loaded: await loadPeople(context, version, options),
    changes: version.changes,
    placements: openPlacementLog(version),
  });
  const loader = { names: async () => [key], load, keepMs: KEEP_MS };
  return context.compute.shared.use(key, loader, ([kept]) => work(kept as KeptPeople));
}

let copies = 0;

export type LoadOptions = {
  /** How many people one statement reads. */
  readonly perStatement: number;
  /** For a version that is being computed: the one that lists are carried over from, if it is comparable. */
  readonly earlier?: string | undefined;
};

async function loadPeople(
  context: ComputeContext,
  version: ListVersion,
  { perStatement, earlier: earlierId }: LoadOptions,
): Promise<LoadedPeople> {
  const count = await context.read((tx) => countPositions(tx, version.id));
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < count; from += perStatement) {
    context.signal.throwIfAborted();
    const within = sql`l.position >= ${from} and l.position < ${from + perStatement}`;
    pieces.push(shareText(await context.read((tx) => readStoredPeople(tx, version.id, within))));
  }
  const slots = SLOTS_PER_THREAD * availableParallelism();
  const earlier =
    earlierId === undefined ? null : await findComparable(context, earlierId, version, perStatement);
  const input: LoadInput = { pieces, asOf: version.asOf.getTime(), slots, earlier };
  return pairOnThread<LoadedPeople>(context, "loadPeople", input);
}

/** If a larger share of people changed, carrying lists over takes as long as searching everybody. */
const MAX_CHANGED_SHARE = 0.2;

/** The version that is served, if lists of the next version can be carried over from it. */
async function findComparable(
  context: ComputeContext,
  id: string,
  next: ListVersion,
  perStatement: number,
): Promise<EarlierVersion | null> {
  const served = await context.read((tx) => servedVersion(tx, "pairs"));
  const isComparable =
    served?.id === id &&
    served.algoVersion === next.algoVersion &&
    served.servedLength === next.servedLength &&
    served.asOf.getTime() <= next.asOf.getTime();
  if (!isComparable) return null;
  const people = await context.read((tx) => readPositions(tx, id));
  const versions = { earlier: id, next: next.id };
  const changedIds: number[] = [];
  for (const scope of cutScopes(people.userIds, perStatement))
    changedIds.push(...(await context.read((tx) => readChangedIds(tx, versions, scope))));
  if (changedIds.length > MAX_CHANGED_SHARE * people.userIds.length) return null;
  return { asOf: served.asOf.getTime(), ...people, changedIds: Float64Array.from(changedIds) };
}

/** Ranges of ids with at most `size` of these ascending ones in each, all ids together. */
function cutScopes(ids: Float64Array, size: number): UserScope[] {
  const starts = Array.from({ length: Math.ceil(ids.length / size) }, (_, n) =>
    n === 0 ? "0" : String(ids[n * size]),
  );
  return starts.map((from, n) => ({ from, to: starts[n + 1] ?? MAX_ID }));
}

function shareText(text: string): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(Buffer.byteLength(text)));
  Buffer.from(bytes.buffer).write(text);
  return bytes;
}

/** The number of positions of a version: the highest one and 1. */
export async function countPositions(tx: Tx, version: string): Promise<number> {
  const [counted] = await rows<{ n: number }>(
    tx,
    sql`select coalesce(max(position), -1) + 1 as n from pair_people where version = ${version}`,
  );
  return counted?.n ?? 0;
}
