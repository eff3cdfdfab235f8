import { isContention, isDatabaseAbsent, isStatementCancelled } from "../db/faults.ts";
import { GroupCommitClosed, GroupCommitFull } from "../db/group-commit.ts";

/**
 * How long the sender of a message should wait before it sends it again, in milliseconds, when it could not
 * be written for a temporary reason. Null for a fault of our own.
 */
export function resendAfterMs(error: unknown): number | null {
  if (error instanceof GroupCommitFull || error instanceof GroupCommitClosed || isContention(error))
    return 1_000;
  if (isDatabaseAbsent(error) || isStatementCancelled(error)) return 5_000;
  return null;
}
