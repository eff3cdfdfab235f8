import { emailWeekly } from "../../../../src/workers/notifications/email/email-weekly.ts";
import { morningDigestCases } from "../../../support/morning-digest-cases.ts";

morningDigestCases(emailWeekly, "weekly", {
  name: "sends one a week, on Monday or the first day after it on which the job runs",
  decidedAt: "2026-02-20T00:00:00Z",
  runs: ["2026-03-01T20:00:00Z", "2026-03-02T16:00:00Z", "2026-03-05T16:00:00Z", "2026-03-11T17:00:00Z"],
  // Sunday of a week without a digest so far; Monday; not Thursday; Wednesday of the week after.
  sends: ["2026-03-01T20:00:00Z", "2026-03-02T16:00:00Z", "2026-03-11T17:00:00Z"],
});
