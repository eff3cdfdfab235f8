import { z } from "zod";
import { audit } from "../../db/audit.ts";
import { defineJob } from "../../queues/job.ts";
import { done } from "../../queues/outcome.ts";
import { beginVerification, endVerification, lastCoverage } from "../../rewards/verifications.ts";
import { cutChecks, findViolations, verifyRange } from "../../rewards/verify.ts";

/** Checks the invariants of the ledger. It reports faults and never repairs them. */
export const verifyLedger = defineJob({
  name: "verify-ledger",
  queue: "maintenance",
  description:
    "Verifies the ledger: sums, balances, sales, inbox messages and uplines. Any drift raises an alert.",
  payload: z.object({
    full: z
      .boolean()
      .default(true)
      .describe("verify everything, not only rows added since the last verification without faults"),
  }),
  key: ({ full }) => (full ? "all" : "new"),
  range: verifyRange,
  cut: async ({ full }, { tx, now }) => {
    const since = full ? null : await lastCoverage(tx);
    const { ranges, covers } = await cutChecks(tx, since);
    await beginVerification(tx, now, since === null ? "all" : "new", covers);
    return ranges;
  },
  run: async (range, { tx, log }) => {
    const faults = await findViolations(tx, range);
    if (faults.length === 0) return done({ ranges: 1 });
    log.error({ check: range.check, ids: faults }, "ledger drift");
    await audit(tx, {
      actor: "service",
      action: "ledger.drift",
      subject: `ledger:${range.check}`,
      details: { ids: faults },
    });
    return done({ ranges: 1, drift: faults.length, [`drift-${range.check}`]: faults.length });
  },
  sum: async (_payload, counts, { tx, now, log }) => {
    const drift = counts["drift"] ?? 0;
    if (drift > 0) log.error({ counts }, "ledger verification found drift");
    await endVerification(tx, now, drift);
    return done({ ...counts, drift });
  },
});
