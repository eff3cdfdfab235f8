import { setTimeout as delay } from "node:timers/promises";
import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { cutIds } from "../db/cut-ids.ts";
import { rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import type { UserScope } from "../db/user-scope.ts";
import { buildingVersion, keepVersion, type ListVersion, openVersion } from "../db/versions.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { Cancel } from "../queues/outcome.ts";
import type { RangeLists } from "../scoring/people/loaded-people.ts";
import { VIEWERS_PER_PART } from "../scoring/people/pair-entries.ts";
import { shareBytes } from "../threads/share-bytes.ts";
import type { StatementTurn } from "../threads/statement-turns.ts";
import { recordChanges } from "./changes.ts";
import { countPositions, pairOnThread, withPeople } from "./load-people.ts";
import type { SearchInput } from "./pair.task.ts";
import { keepFor } from "./pair-sizes.ts";
import { IS_PRESENT, presentPeople, readStoredBlocks } from "./person-facts.ts";
import {
  type ComputedPlacement,
  computePlacement,
  type PlaceCounts,
  storePlacement,
} from "./place-in-lists.ts";
import { requireAlgorithm, waitForBuilding } from "./run-exclusion.ts";
import { LIST_HEAD, storePairLists } from "./store-lists.ts";

const options = {
  /** How many people one statement reads. */
  perStatement: z.int(),
  /** Rest after each range. */
  pauseMs: z.int(),
};

/** A part of a run. */
export const pairRange = z.union([
  /** Opens a version beside the one that is served, of this version of the algorithm or a later one. */
  z.object({ open: z.object({ servedLength: z.int(), algoVersion: z.int().default(1) }) }),
  /** Reads the facts of people, who get positions from `first` on. */
  z.object({
    people: z.object({
      version: z.string(),
      from: z.string(),
      to: z.string(),
      first: z.int(),
      size: z.int(),
    }),
  }),
  /** Computes the lists of the people at these positions. */
  z.object({
    lists: z.object({
      version: z.string(),
      from: z.int(),
      to: z.int(),
      /** The version that was served before, if lists may be carried over from it. */
      earlier: z.string().optional(),
      ...options,
    }),
  }),
  /** Places users who changed, all of whom have a position in this version. */
  z.object({
    place: z.object({ userIds: z.array(z.string()), version: z.string().optional(), ...options }),
  }),
  /** Deletes lists of a version that is no longer served. */
  z.object({ drop: z.object({ version: z.string(), from: z.int(), to: z.int() }) }),
]);
export type PairRange = z.infer<typeof pairRange>;
export type StoreOptions = { readonly perStatement: number; readonly pauseMs: number };

/** Half a second of reading. */
const PEOPLE_PER_RANGE = 5_000;
const LISTS_PER_DROP = 10_000;
/** About 10 ms of writing: for times when other work wants the processors. */
const VIEWERS_PER_SMALL_STATEMENT = 20;
/** About 100 ms of writing. */
const VIEWERS_PER_STATEMENT = 250;

/**
 * @throws Snooze while another run writes one.
 * @throws AnotherVersion where this process has an earlier algorithm.
 */
async function openPairs(
  { tx, now, runId, settings }: Pick<JobContext, "tx" | "now" | "runId" | "settings">,
  { servedLength, ...wanted }: Extract<PairRange, { open: unknown }>["open"],
): Promise<void> {
  const algoVersion = settings.pairs.matchAlgoVersion;
  requireAlgorithm(wanted, algoVersion);
  await waitForBuilding(tx, "pairs");
  await moveWaitingLocations(tx);
  await openVersion(tx, "pairs", { algoVersion, asOf: now, servedLength }, runId);
}

/** As for volunteers (src/project-matching/waiting-locations.ts): a trigger computes the cell. */
const moveWaitingLocations = (tx: Tx) =>
  tx.execute(
    sql`update profiles set grid_waiting = true where grid_waiting and grid_moves[1] <= now() - interval '1 day'`,
  );

/** The ranges that read the people of a new version. */
export async function cutPresentPeople(tx: Tx, version: string): Promise<PairRange[]> {
  const ids = sql`select p.user_id as id from profiles p join users u on u.id = p.user_id where ${IS_PRESENT}`;
  const ranges = await cutIds(tx, ids, PEOPLE_PER_RANGE);
  return ranges.map((range, index) => ({
    people: { version, ...range, first: index * PEOPLE_PER_RANGE, size: PEOPLE_PER_RANGE },
  }));
}

/**
 * The ranges that compute the lists of a version, of `size` viewers each.
 *
 * @param earlier the version that lists are carried over from, if it is comparable.
 */
export async function cutLists(
  tx: Tx,
  { id }: ListVersion,
  { size, earlier, ...options }: StoreOptions & { readonly size: number; readonly earlier?: string },
): Promise<PairRange[]> {
  const { perStatement, pauseMs } = options;
  const lists = { version: id, ...(earlier === undefined ? {} : { earlier }), perStatement, pauseMs };
  return steps(await countPositions(tx, id), size).map(([from, to]) => ({ lists: { ...lists, from, to } }));
}

/** The ranges that delete the lists of a version. */
export const cutDrops = async (tx: Tx, version: string): Promise<PairRange[]> =>
  steps(await countPositions(tx, version), LISTS_PER_DROP).map(([from, to]) => ({
    drop: { version, from, to },
  }));

const steps = (count: number, size: number): [from: number, to: number][] =>
  Array.from({ length: Math.ceil(count / size) }, (_, n) => [n * size, (n + 1) * size]);

/** A part of a run before it is stored. */
export type ComputedPairs = ComputedLists | { readonly placement: ComputedPlacement | null };

type ComputedLists = {
  readonly found: RangeLists;
  readonly version: ListVersion;
  /** Users whose blocks have changed since their facts were read. */
  readonly outdated: readonly string[];
  readonly turn: StatementTurn;
};

/** Computes a part of a run; null where there is nothing to compute. */
export async function computePairs(context: ComputeContext, range: PairRange): Promise<ComputedPairs | null> {
  if ("place" in range) {
    const placement = await computePlacement(context, range.place);
    await rest(context, range.place.pauseMs);
    return { placement };
  }
  return "lists" in range ? computeLists(context, range.lists) : null;
}

const rest = ({ signal }: ComputeContext, pauseMs: number): Promise<unknown> =>
  pauseMs > 0 ? delay(pauseMs, undefined, { signal }) : Promise.resolve();

async function computeLists(
  context: ComputeContext,
  { version: id, from, to, earlier, perStatement, pauseMs }: Extract<PairRange, { lists: unknown }>["lists"],
): Promise<ComputedLists> {
  const { compute, signal, settings } = context;
  const at = sql`position >= ${from} and position < ${to}`;
  const { version, blocks, outdated } = await context.read(async (tx) => ({
    version: await buildingVersion(tx, id),
    ...(await readStoredBlocks(tx, id, at)),
  }));
  // Another run has retired it.
  if (version === null) throw new Cancel("the version is no longer being written");
  requireAlgorithm(version, settings.pairs.matchAlgoVersion);
  const found = await withPeople(context, version, { perStatement, earlier }, async ({ key, loaded }) => {
    const isCarried = loaded.earlier !== null && earlier !== undefined;
    const earlierLists = isCarried ? await context.read((tx) => readEarlierLists(tx, earlier, id, at)) : null;
    const perPiece = compute.turns.isCrowded() ? VIEWERS_PER_SMALL_STATEMENT : VIEWERS_PER_STATEMENT;
    const keep = keepFor(version);
    const options = { keep, served: version.servedLength ?? keep, perPiece, earlierLists };
    const input: SearchInput = { key, loaded, from, to, blocks, ...options };
    return pairOnThread<RangeLists>(context, "searchRange", input);
  });
  await rest(context, pauseMs);
  return { found, version, outdated, turn: await compute.turns.take(signal) };
}

/**
 * The lists in the earlier version of the people of a version, as src/scoring/people/earlier-lists.ts reads
 * them.
 */
async function readEarlierLists(tx: Tx, earlier: string, version: string, at: SQL): Promise<Uint8Array> {
  const [read] = await rows<{ lists: Buffer | null }>(
    tx,
    // `offset 0`: user by user, whatever the statistics say. A join from the side of the lists reads all of
    // them.
    sql`select string_agg(e.list, ''::bytea) as lists from pair_people p
        cross join lateral (select ${LIST_HEAD} || array_send(l.positions) as list from pair_lists l
                            where l.version = ${earlier} and l.user_id = p.user_id offset 0) e
        where p.version = ${version} and ${at}`,
  );
  return shareBytes(read?.lists ? [read.lists] : []);
}

type Counts = Readonly<Record<string, number>>;

/** Stores a part of a run. @returns what it counts. */
export async function storePairs(
  context: JobContext,
  range: PairRange,
  computed: ComputedPairs | null,
): Promise<Counts> {
  if ("open" in range) {
    await openPairs(context, range.open);
    return {};
  }
  if ("people" in range) return { people: await storePeople(context, range.people) };
  if ("drop" in range) return dropLists(context.tx, range.drop);
  if (computed === null) throw new Error("nothing was computed for the range");
  if ("placement" in computed)
    return { ...(computed.placement === null ? NOTHING : await storePlacement(context, computed.placement)) };
  return storeLists(context, computed);
}

const NOTHING: PlaceCounts = { placed: 0, lists: 0, refills: 0 };

/** Reads people into a version. Those who came after it was cut wait to be placed. */
async function storePeople(
  { tx, settings }: Pick<JobContext, "tx" | "settings">,
  { version, from, to, first, size }: Extract<PairRange, { people: unknown }>["people"],
): Promise<number> {
  const building = await buildingVersion(tx, version);
  if (building === null || !(await keepVersion(tx, version, ["building"]))) return 0;
  requireAlgorithm(building, settings.pairs.matchAlgoVersion);
  const scope: UserScope = { from, to };
  await tx.execute(sql`set local jit = off`);
  const read = await rows<{ userId: string; isStored: boolean }>(
    tx,
    sql`with present as (
          select c.user_id, c.facts, row_number() over (order by c.user_id)::int as n from ${presentPeople(scope)} c),
        stored as (
          insert into pair_people (version, position, user_id, facts)
          select ${version}::bigint, ${first}::int + p.n - 1, p.user_id, p.facts from present p where p.n <= ${size})
        select p.user_id as "userId", p.n <= ${size} as "isStored" from present p`,
  );
  const late = read.filter(({ isStored }) => !isStored).map(({ userId }) => userId);
  await recordChanges(tx, late);
  return read.length - late.length;
}

/** Deletes lists by the positions of their users. */
async function dropLists(
  tx: Tx,
  { version, from, to }: Extract<PairRange, { drop: unknown }>["drop"],
): Promise<Counts> {
  const at: SQL = sql`p.version = ${version} and p.position >= ${from} and p.position < ${to}`;
  await tx.execute(
    // Ids as an array: a join of versions without statistics would compare all rows with all others.
    sql`delete from pair_lists l
        where l.version = ${version} and l.user_id = any(array(select p.user_id from pair_people p where ${at}))`,
  );
  await tx.execute(
    sql`delete from pair_entries e where e.version = ${version}
          and e.part >= ${Math.floor(from / VIEWERS_PER_PART)} and e.part <= ${Math.floor(to / VIEWERS_PER_PART)}`,
  );
  await tx.execute(sql`delete from pair_people p where ${at}`);
  return { dropped: to - from };
}

async function storeLists(
  { tx, now, signal }: Pick<JobContext, "tx" | "now" | "signal">,
  { found, version, outdated, turn }: ComputedLists,
): Promise<Counts> {
  try {
    if (!(await keepVersion(tx, version.id, ["building"])))
      return { viewers: 0, pairs: 0, carried: 0, "scored-all": 0 };
    await recordChanges(tx, outdated);
    for (const [index, piece] of found.pieces.entries()) {
      if (index > 0) await turn.pause(signal);
      await storePairLists(tx, version, piece, { now, changed: 0 });
    }
  } finally {
    turn.end();
  }
  const { viewers, pairs, carried, scoredAll } = found;
  return { viewers, pairs, carried, "scored-all": scoredAll };
}
