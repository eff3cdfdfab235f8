import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Tx } from "../db/transaction.ts";
import { inUserScope, type UserScope, userScope } from "../db/user-scope.ts";
import { keepVersion, openVersion, retireBuilding, servedVersion, versionOfRun } from "../db/versions.ts";
import type { JobContext } from "../queues/job.ts";
import { AnotherVersion, Snooze } from "../queues/outcome.ts";
import { cutAllUsers } from "./all-users.ts";
import { waitForBuilding } from "./run-exclusion.ts";
import { buildTraits, type WrittenTraits } from "./traits.ts";

/** A part of a run of build-user-traits. */
export const traitRange = z.union([
  /** Opens a version, of this version of the algorithm. */
  z.object({ open: z.int() }),
  /** Deletes the traits of users in a version that is no longer served. */
  z.object({ drop: z.string(), users: userScope }),
  /** Computes the traits of users: in the version that the run opened, else in the one that is served. */
  userScope,
]);
export type TraitRange = z.infer<typeof traitRange>;

const USERS_PER_DROP = 20_000;
const RETRY_MS = 2_000;

const NOTHING: WrittenTraits = { changed: [], traits: 0 };

/** The ranges that delete the traits of versions. */
export async function cutTraitDrops(tx: Tx, versions: readonly string[]): Promise<TraitRange[]> {
  const scopes = await cutAllUsers(tx, USERS_PER_DROP);
  return versions.flatMap((drop) => scopes.map((users) => ({ drop, users })));
}

/**
 * Stores a part of a run.
 *
 * @returns whose traits changed; for a version that is not served yet, nobody's. Null: the run is one of an
 *   older algorithm, and nothing was written.
 */
export async function storeTraits(
  context: Pick<JobContext, "tx" | "now" | "runId" | "settings">,
  range: TraitRange,
): Promise<WrittenTraits | null> {
  const { tx } = context;
  if ("open" in range) {
    await openTraits(context, range.open);
    return NOTHING;
  }
  if ("drop" in range) {
    await tx.execute(
      sql`delete from user_traits t where t.version = ${range.drop} and ${inUserScope(sql`t.user_id`, range.users)}`,
    );
    return NOTHING;
  }
  return storeUsers(context, range);
}

/** @throws Snooze while another run writes a version. */
async function openTraits(
  { tx, now, runId }: Pick<JobContext, "tx" | "now" | "runId">,
  algoVersion: number,
): Promise<void> {
  await waitForBuilding(tx, "traits");
  await openVersion(tx, "traits", { algoVersion, asOf: now, servedLength: null }, runId);
}

/**
 * Rows of a version come from its own algorithm alone. A version that an older process began is not completed
 * by a newer one, but retired.
 *
 * @throws AnotherVersion where the algorithm of this process is older.
 */
async function storeUsers(
  { tx, runId, settings }: Pick<JobContext, "tx" | "runId" | "settings">,
  users: UserScope,
): Promise<WrittenTraits | null> {
  const building = await versionOfRun(tx, "traits", runId);
  const version = building ?? (await servedVersion(tx, "traits"));
  if (version === null || !(await keepVersion(tx, version.id, ["building", "served"])))
    throw new Snooze(RETRY_MS, "another version of the traits is served");
  if (version.algoVersion > settings.pairs.traitAlgoVersion)
    throw new AnotherVersion(`the traits are of TRAIT_ALGO_VERSION ${version.algoVersion}`);
  if (version.algoVersion < settings.pairs.traitAlgoVersion) {
    await retireBuilding(tx, version.id);
    return null;
  }
  const { changed, traits } = await buildTraits(tx, version.id, users);
  return { changed: building === null ? changed : [], traits };
}
