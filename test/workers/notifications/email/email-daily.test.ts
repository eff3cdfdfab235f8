import { emailDaily } from "../../../../src/workers/notifications/email/email-daily.ts";
import { morningDigestCases } from "../../../support/morning-digest-cases.ts";

morningDigestCases(emailDaily, "daily", {
  name: "sends one a day, also later that day after an outage, but not in the evening",
  decidedAt: "2026-03-02T00:00:00Z",
  runs: ["2026-03-03T04:00:00Z", "2026-03-03T16:00:00Z", "2026-03-04T02:45:00Z", "2026-03-04T22:00:00Z"],
  sends: ["2026-03-03T16:00:00Z", "2026-03-04T22:00:00Z"],
});
