import { sql } from "drizzle-orm";
import { int8Array } from "../db/binary-arrays.ts";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { changeVersion, type ListVersion, servedVersion } from "../db/versions.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import type { AffectedLists } from "../scoring/people/affected-lists.ts";
import type { Changes } from "../scoring/people/current-people.ts";
import { type PairListColumns, TIERS } from "../scoring/people/list-columns.ts";
import type { EncodedPairLists, MergedLists } from "../scoring/people/merge-lists.ts";
import type { PairPlacement } from "../scoring/people/place-people.ts";
import { shareBytes } from "../threads/share-bytes.ts";
import { recordChanges, settleChanges, type WaitingChange, waitingChanges } from "./changes.ts";
import { pairOnThread, withPeople } from "./load-people.ts";
import type { MergeInput, PlaceInput } from "./pair.task.ts";
import { keepFor } from "./pair-sizes.ts";
import { readCurrentPeople, readReplaced } from "./person-facts.ts";
import { requireAlgorithm, waitForBuilding } from "./run-exclusion.ts";
import { LIST_HEAD, storePairLists } from "./store-lists.ts";

/** Another change of the lists came first: what was computed from them is computed again. */
const RETRY_MS = 50;
/** A few milliseconds of the event loop. */
const LISTS_PER_STATEMENT = 500;

/** Users who are to be placed together. */
export type PlacedUsers = {
  readonly userIds: readonly string[];
  /** How many people one statement reads. */
  readonly perStatement: number;
  /** The version in which all of them have a position. */
  readonly version?: string | undefined;
};

/** Users who are placed together, before their lists are stored. */
export type ComputedPlacement = {
  readonly version: ListVersion;
  readonly placed: readonly WaitingChange[];
  /** What pair_people holds of them next: a JSON array of PersonRow. */
  readonly rows: string;
  readonly lists: readonly PairListColumns[];
  /** Users of whose lists too many have left. */
  readonly short: readonly number[];
};

/**
 * Computes the lists that change when users are placed: their own, which are recomputed, and those of others
 * that they enter or leave. Their facts are read now; the facts of all others are those that the lists were
 * computed from, so that the result is what a full computation gives.
 *
 * @returns null when none of them waits any more, or another version is served: the run that computed it
 *   places those who wait.
 * @throws AnotherVersion where this process has an earlier algorithm than the lists.
 */
export async function computePlacement(
  context: ComputeContext,
  { userIds, perStatement, version: positionedIn }: PlacedUsers,
): Promise<ComputedPlacement | null> {
  const { version, placed } = await context.read(async (tx) => ({
    version: await servedVersion(tx, "pairs"),
    placed: await waitingChanges(tx, userIds.length, userIds),
  }));
  if (version === null || placed.length === 0) return null;
  if (positionedIn !== undefined && positionedIn !== version.id) return null;
  requireAlgorithm(version, context.settings.pairs.matchAlgoVersion);
  return withPeople(context, version, { perStatement }, async ({ key, loaded, changes: readAt }) => {
    const keep = keepFor(version);
    const ids = placed.map(({ userId }) => userId);
    const read = await context.read((tx) => readChanges(tx, version, ids, readAt));
    const changes: Changes = { ...read.changes, asOf: version.asOf.getTime(), ids: ids.map(Number) };
    const place: PlaceInput = { key, loaded, changes, keep, blocks: read.blocks, floors: read.floors };
    const { lists, affected } = await pairOnThread<PairPlacement>(context, "placeInLists", place);
    const stored = await context.read((tx) => readLists(tx, version.id, affected));
    const served = version.servedLength ?? keep;
    const perPiece = LISTS_PER_STATEMENT;
    const merge: MergeInput = { key, loaded, changes, affected, lists: stored, keep, served, perPiece };
    const { pieces, short } = await pairOnThread<MergedLists>(context, "mergeInto", merge);
    return { version, placed, rows: changes.rows, lists: [lists, ...pieces], short };
  });
}

/** What is read of those who are placed, and of the lists. */
async function readChanges(tx: Tx, { id }: ListVersion, userIds: readonly string[], readAt: number) {
  const { people, blocks } = await readCurrentPeople(tx, id, { ids: userIds });
  return {
    changes: { ...(await readReplaced(tx, id, readAt)), rows: people },
    blocks,
    floors: await readFloors(tx, id),
  };
}

/** The heads of all lists of a version (src/scoring/people/sent-lists.ts). */
async function readFloors(tx: Tx, version: string): Promise<Uint8Array> {
  const [read] = await rows<{ floors: Buffer | null }>(
    tx,
    sql`select string_agg(${LIST_HEAD}, ''::bytea) as floors from pair_lists l where l.version = ${version}`,
  );
  return shareBytes(read?.floors ? [read.floors] : []);
}

/** Stored lists, in the order in which they are given. */
async function readLists(tx: Tx, version: string, wanted: AffectedLists): Promise<EncodedPairLists> {
  const count = wanted.userIds.length;
  const lists: Buffer[] = [];
  const sizes = new Int32Array(count);
  const floorScores = new Float64Array(count).fill(Number.NaN);
  const floorUserIds = new Float64Array(count);
  for (let from = 0; from < count; from += LISTS_PER_STATEMENT) {
    const to = Math.min(count, from + LISTS_PER_STATEMENT);
    const found = await readSome(tx, version, wanted, from, to);
    // A list that was deleted since: the change that deleted it is noticed when this one is stored.
    if (found.length !== to - from) throw new Snooze(RETRY_MS, "the lists have changed");
    for (const [n, { list, size, floorScore, floorUserId }] of found.entries()) {
      lists.push(list);
      sizes[from + n] = size;
      if (floorScore === null) continue;
      floorScores[from + n] = floorScore;
      floorUserIds[from + n] = Number(floorUserId);
    }
  }
  return { bytes: shareBytes(lists), sizes, floorScores, floorUserIds };
}

type ReadList = {
  readonly list: Buffer;
  readonly size: number;
  readonly floorScore: number | null;
  readonly floorUserId: string | null;
};

const readSome = (
  tx: Tx,
  version: string,
  { userIds, tiers }: AffectedLists,
  from: number,
  to: number,
): Promise<ReadList[]> =>
  rows<ReadList>(
    tx,
    sql`select array_send(l.positions) || array_send(l.scores) || l.components as list, cardinality(l.positions) as size,
               l.floor_score as "floorScore", l.floor_user_id as "floorUserId"
        from unnest(${sql.param(int8Array(userIds.subarray(from, to)))}::bigint[],
                    ${array(Array.from(tiers.subarray(from, to), (tier) => TIERS[tier]))}::text[])
               with ordinality as w(user_id, tier, n)
        join pair_lists l on l.version = ${version} and l.user_id = w.user_id and l.tier = w.tier
        order by w.n`,
  );

export type PlaceCounts = { readonly placed: number; readonly lists: number; readonly refills: number };

/**
 * Stores what was computed.
 *
 * @throws Snooze when the lists have changed since they were read, or a run computes all lists from them.
 */
export async function storePlacement(
  { tx, now }: Pick<JobContext, "tx" | "now">,
  { version, placed, rows: people, lists, short }: ComputedPlacement,
): Promise<PlaceCounts> {
  await waitForBuilding(tx, "pairs");
  if (!(await changeVersion(tx, version, placed.length)))
    throw new Snooze(RETRY_MS, "the lists have changed");
  const ids = placed.map(({ userId }) => userId);
  await replaceFacts(tx, version, ids, people);
  for (const columns of lists) await storePairLists(tx, version, columns, now);
  await settleChanges(tx, placed);
  await recordChanges(tx, short.map(String));
  const stored = lists.reduce((sum, { userIds }) => sum + userIds.length, 0);
  return { placed: placed.length, lists: stored, refills: short.length };
}

/** Stores the facts that lists are computed from next. Those who have left lose theirs, and their lists. */
async function replaceFacts(
  tx: Tx,
  { id, changes }: ListVersion,
  userIds: readonly string[],
  people: string,
): Promise<void> {
  await tx.execute(
    sql`update pair_people l set changed = ${changes + userIds.length}::int,
          facts = (select (n.facts::jsonb - 'id' - 'position')::text from jsonb_array_elements(${people}::jsonb) as n(facts)
                   where (n.facts ->> 'id')::bigint = l.user_id)
        where l.version = ${id} and l.user_id = any(${array(userIds)}::bigint[])`,
  );
  await tx.execute(
    sql`delete from pair_lists l using pair_people p
        where l.version = ${id} and l.user_id = any(${array(userIds)}::bigint[])
          and p.version = ${id} and p.user_id = l.user_id and p.facts is null`,
  );
}

/** Gives those who are new a position in the version. They are on no list before they are placed. */
export async function positionNewcomers(tx: Tx, version: string, userIds: readonly string[]): Promise<void> {
  await tx.execute(
    sql`insert into pair_people (version, position, user_id)
        select ${version}::bigint, (select coalesce(max(position), -1) from pair_people where version = ${version})
               + row_number() over (order by p.user_id), p.user_id
        from profiles p
        where p.user_id = any(${array(userIds)}::bigint[])
          and not exists (select 1 from pair_people l where l.version = ${version} and l.user_id = p.user_id)`,
  );
}
