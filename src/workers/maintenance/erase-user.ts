import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { beginErasure, cutErasure, eraseRange, erasureRange, remainingRanges } from "../../erasure/erase.ts";
import { forgetVolunteers } from "../../project-matching/marks.ts";
import { placeVolunteers } from "../../project-matching/place-volunteers.ts";
import { lockSingleLists } from "../../project-matching/run-exclusion.ts";
import { enqueueMany } from "../../queues/enqueue.ts";
import { defineJob } from "../../queues/job.ts";
import { done, further, skipped } from "../../queues/outcome.ts";
import { calculateMatches } from "../matching/calculate-matches.ts";

/** Rows written while the ranges ran are erased in at most this many further rounds. */
const MAX_ROUNDS = 3;

/**
 * Erases what is known about a user (docs/operations/privacy.md). The ledger, sales, referral chains and the
 * figures of others are unchanged.
 */
export const eraseUser = defineJob({
  name: "erase-user",
  queue: "maintenance",
  description: "Erases the personal data of a user everywhere, except in the ledger and its sales.",
  payload: z.object({
    userId: z
      .string()
      .regex(/^[1-9]\d{0,17}$/, "must be an id")
      .describe("the user"),
    actor: z.string().min(1).max(100).default("cli").describe("who decided, for the audit log"),
    reason: z.string().min(1).max(500).describe("why, for the audit log; without personal data"),
  }),
  key: ({ userId }) => userId,
  range: z.object({ userId: z.string(), erase: erasureRange }),
  cut: async ({ userId }, { tx, remark }) => {
    const person = await beginErasure(tx, userId);
    if (person === null) return [];
    for (const id of person.mailings) remark({ about: `mailing ${id}`, decision: "stopped, to be reviewed" });
    return (await cutErasure(tx, person)).map((erase) => ({ userId, erase }));
  },
  run: async ({ userId, erase }, { tx, remark }) => {
    const erased = await eraseRange(tx, userId, erase);
    for (const [table, rows] of Object.entries(erased))
      if (rows > 0) remark({ about: table, decision: `erase ${rows}` });
    return done(erased);
  },
  sum: async ({ userId, actor, reason }, counts, { tx, runId, now, settings, round }) => {
    if (counts["users"] === undefined)
      return skipped("there is no such user, or the user was already erased");
    const remaining = round < MAX_ROUNDS ? await remainingRanges(tx, userId) : [];
    if (remaining.length > 0)
      return further(
        remaining.map((erase) => ({ userId, erase })),
        counts,
      );
    await lockSingleLists(tx, runId);
    // Deleting the skills has marked the user.
    await forgetVolunteers(tx, [userId]);
    const placed = await placeVolunteers(tx, [userId], settings.matching.matchesPerProject, now);
    await enqueueMany(
      tx,
      calculateMatches,
      placed.recompute.map((projectId) => ({ projectId })),
    );
    const erased = { ...counts, volunteer_initiative_matches: placed.counts.removed };
    await audit(tx, {
      actor,
      action: "user.erase",
      subject: `users:${userId}`,
      details: { reason, rows: erased },
    });
    return done(erased);
  },
});
