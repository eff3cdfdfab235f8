import { sql } from "drizzle-orm";
import { array, rows } from "../db/statement.ts";
import type { Tx } from "../db/transaction.ts";
import {
  deleteVersion,
  openVersion,
  retireAbandoned,
  retiredVersions,
  servedVersion,
  serveVersion,
  versionOfRun,
} from "../db/versions.ts";
import type { JobContext } from "../queues/job.ts";

/** More volunteers at once take longer to place than computing all lists. */
export const MAX_PLACED = 100;
/** About half a minute of a thread with a million volunteers. */
const MAX_PROJECTS = 25;
/** All lists are computed at least this often. */
const FULL_RUN_HOURS = 24;
const HOUR_MS = 3_600_000;
/** Raised with every change of the code that changes lists. */
const LISTS_VERSION = 1;

/** The changes since the lists were computed. */
export type MarkedChanges = {
  readonly volunteerIds: readonly string[];
  readonly projectIds: readonly string[];
};

type Wanted = {
  /** Length of a list. */
  readonly keep: number;
  readonly full: boolean;
};

/**
 * Takes the marks of changes for a run over all projects, which deletes them once its lists contain the
 * changes. Those that a failed run took are taken again.
 *
 * @returns null if all lists must be computed: because that was requested, too much has changed, lists have
 *   another length, or they were computed yesterday.
 */
export async function takeMatchMarks(
  { tx, runId, now }: Pick<JobContext, "tx" | "runId" | "now">,
  { keep, full }: Wanted,
): Promise<MarkedChanges | null> {
  if (runId === null) return null;
  // Locked marks are being deleted by the transaction that places them.
  await tx.execute(
    sql`update match_marks set run_id = ${runId} where id in (
          select id from match_marks where run_id is distinct from ${runId} for update skip locked)`,
  );
  const changes = full || !(await areCurrent(tx, keep, now)) ? null : await fewMarks(tx, runId);
  if (changes === null) {
    await retireAbandoned(tx, "matches");
    await openVersion(tx, "matches", { algoVersion: LISTS_VERSION, asOf: now, servedLength: keep }, runId);
  }
  return changes;
}

async function areCurrent(tx: Tx, keep: number, now: Date): Promise<boolean> {
  const served = await servedVersion(tx, "matches");
  return (
    served !== null &&
    served.algoVersion === LISTS_VERSION &&
    served.servedLength === keep &&
    now.getTime() - served.asOf.getTime() < FULL_RUN_HOURS * HOUR_MS
  );
}

/** Whether a run computes all lists. */
export const isFull = async (tx: Tx, runId: string | null): Promise<boolean> =>
  runId === null || (await versionOfRun(tx, "matches", runId)) !== null;

/** The marks that a run has taken; null if there are too many, or one of them stands for everybody. */
export async function fewMarks(tx: Tx, runId: string): Promise<MarkedChanges | null> {
  const found = await rows<{ userId: string | null; projectId: string | null }>(
    tx,
    sql`select distinct user_id as "userId", project_id as "projectId" from match_marks where run_id = ${runId}
        order by 1, 2 limit ${MAX_PLACED + MAX_PROJECTS + 1}`,
  );
  const volunteerIds = found.flatMap(({ userId }) => userId ?? []);
  const projectIds = found.flatMap(({ projectId }) => projectId ?? []);
  const isMany =
    volunteerIds.length > MAX_PLACED ||
    projectIds.length > MAX_PROJECTS ||
    volunteerIds.length + projectIds.length < found.length;
  return isMany ? null : { volunteerIds, projectIds };
}

/**
 * Deletes the marks that a run over all projects has taken. If it has computed all lists, that is recorded.
 */
export async function settleMarks({
  tx,
  runId,
  now,
}: Pick<JobContext, "tx" | "runId" | "now">): Promise<void> {
  await tx.execute(sql`delete from match_marks where run_id = ${runId}`);
  const computed = await versionOfRun(tx, "matches", runId);
  if (computed === null) return;
  await serveVersion(tx, "matches", computed.id, now);
  for (const id of await retiredVersions(tx, "matches")) await deleteVersion(tx, id);
}

/** Deletes the marks of volunteers who are placed in this transaction, which reads them afterwards. */
export const forgetVolunteers = (tx: Tx, volunteerIds: readonly string[]) =>
  tx.execute(sql`delete from match_marks where user_id = any(${array(volunteerIds)}::bigint[])`);

/** The same for projects whose lists are computed in it. */
export const forgetProjects = (tx: Tx, projectIds: readonly string[]) =>
  tx.execute(sql`delete from match_marks where project_id = any(${array(projectIds)}::bigint[])`);
