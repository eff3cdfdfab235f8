import { sql } from "drizzle-orm";
import { array } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import { changeVersion, type ListVersion, servedVersion } from "../db/versions.ts";
import type { ComputeContext, JobContext } from "../queues/job.ts";
import { Snooze } from "../queues/outcome.ts";
import type { PairPlacement } from "../scoring/people/place-people.ts";
import { recordChanges, settleChanges, type WaitingChange, waitingChanges } from "./changes.ts";
import { pairOnThread, withPeople } from "./load-people.ts";
import type { PlaceInput } from "./pair.task.ts";
import { keepFor } from "./pair-sizes.ts";
import { readCurrentPeople } from "./person-facts.ts";
import { requireAlgorithm, waitForBuilding } from "./run-exclusion.ts";
import { storePairEntries, storePairLists } from "./store-lists.ts";

/** Another change of the lists came first, so the computation from them is repeated. */
const RETRY_MS = 50;
/** Users to place together. */
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
  /** The new facts for pair_people: a JSON array of PersonRow. */
  readonly rows: string;
  readonly found: PairPlacement;
};

/**
 * Computes the changes when users are placed: their own lists, and the lists of others that they enter or
 * leave. Their facts are read now; the facts of all others are those that the lists were computed from, so
 * that the result equals that of a full computation.
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
  return withPeople(context, version, { perStatement }, async ({ key, loaded, placements }) => {
    const ids = placed.map(({ userId }) => userId);
    const [source, { people: rows, blocks }] = await context.read((tx) =>
      Promise.all([placements.follow(tx, version), readCurrentPeople(tx, version.id, { ids })]),
    );
    const input: PlaceInput = {
      key,
      loaded,
      source,
      ids: ids.map(Number),
      rows,
      blocks,
      keep: keepFor(version),
    };
    const found = await pairOnThread<PairPlacement>(context, "placeInLists", input);
    return { version, placed, rows, found };
  });
}

export type PlaceCounts = { readonly placed: number; readonly lists: number; readonly refills: number };

/**
 * Stores a placement.
 *
 * @throws Snooze when the lists have changed since they were read, or a run computes all lists from them.
 */
export async function storePlacement(
  { tx, now }: Pick<JobContext, "tx" | "now">,
  { version, placed, rows: people, found }: ComputedPlacement,
): Promise<PlaceCounts> {
  await waitForBuilding(tx, "pairs");
  if (!(await changeVersion(tx, version, placed.length)))
    throw new Snooze(RETRY_MS, "the lists have changed");
  const change = version.changes + placed.length;
  const ids = placed.map(({ userId }) => userId);
  // Sent together, in this order.
  await Promise.all([
    replaceFacts(tx, version, { ids, people, change }),
    storePairLists(tx, version, found.lists, { now, changed: change }),
    storePairEntries(tx, version, found.entries, change),
    settleChanges(tx, placed),
    recordChanges(tx, found.short.map(String)),
  ]);
  const lists = found.lists.userIds.length + found.entries.candidates.length;
  return { placed: placed.length, lists, refills: found.short.length };
}

/** Stores the facts that lists are computed from next. Those who have left lose theirs, and their lists. */
async function replaceFacts(
  tx: Tx,
  { id }: ListVersion,
  {
    ids,
    people,
    change,
  }: { readonly ids: readonly string[]; readonly people: string; readonly change: number },
): Promise<void> {
  await tx.execute(
    sql`update pair_people l set changed = ${change}::int,
          facts = (select (n.facts::jsonb - 'id' - 'position')::text from jsonb_array_elements(${people}::jsonb) as n(facts)
                   where (n.facts ->> 'id')::bigint = l.user_id)
        where l.version = ${id} and l.user_id = any(${array(ids)}::bigint[])`,
  );
  await tx.execute(
    sql`delete from pair_lists l using pair_people p
        where l.version = ${id} and l.user_id = any(${array(ids)}::bigint[])
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
