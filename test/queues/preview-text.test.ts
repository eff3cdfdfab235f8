import { expect, it } from "vitest";
import { previewText } from "../../src/queues/preview-text.ts";

it("prints the first twenty decisions of a job, and how to see the rest", () => {
  const remarks = Array.from({ length: 22 }, (_, n) => ({ about: `user ${n}`, decision: "declined" }));
  const text = previewText({
    job: "meeting-reminders",
    now: new Date("2026-03-08T10:00:00Z"),
    counts: { reminded: 0 },
    skipped: [],
    ranges: 1,
    requests: [],
    remarks,
    entries: [],
    events: [],
    fault: null,
  });
  expect(text).toContain("  decisions (22)\n    user 0: declined\n");
  expect(text).toContain("    user 19: declined\n    and 2 more; --json prints all\n");
});
