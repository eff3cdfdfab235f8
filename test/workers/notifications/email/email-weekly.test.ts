import { emailWeekly } from "../../../../src/workers/notifications/email/email-weekly.ts";
import { morningDigestCases } from "../../../support/morning-digest-cases.ts";

morningDigestCases(emailWeekly, "weekly", {
  says: "sends one a week, on Monday, or on the first day after it on which it runs",
  decidedAt: "2026-02-20T00:00:00Z",
  runs: ["2026-03-01T20:00:00Z", "2026-03-02T16:00:00Z", "2026-03-05T16:00:00Z", "2026-03-11T17:00:00Z"],
  // Sunday, of the week whose digest had not gone out yet; Monday; not Thursday; Wednesday of the week after.
  sends: ["2026-03-01T20:00:00Z", "2026-03-02T16:00:00Z", "2026-03-11T17:00:00Z"],
});
