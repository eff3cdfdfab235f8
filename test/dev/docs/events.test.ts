import { expect, it } from "vitest";
import { z } from "zod";
import { eventTable } from "../../../src/dev/docs/events.ts";
import * as host from "../../../src/events/host.ts";

it("the table of events has types, payloads and consequences", () => {
  const ripened = {
    type: "apple.ripened",
    about: "An apple can be eaten.",
    subjects: ["actor", "project"] as const,
    payload: z.object({ post_id: z.string(), weight: z.number().optional() }),
  };
  const fallen = { type: "apple.fallen", payload: z.object({}) };
  const table = eventTable([ripened, fallen], (type) =>
    type === "apple.ripened"
      ? { notified: "everybody", email: "digest", recipientTables: ["baskets"], jobs: ["pick-apple"] }
      : { notified: null, email: null, recipientTables: [], jobs: [] },
  );
  expect(table.split("\n").slice(2)).toEqual([
    "| `apple.fallen` |  | - | - |  | - |",
    "| `apple.ripened` | An apple can be eaten. | `actor`, `project` | `post_id`, `weight?` | notified: everybody; e-mail in a digest; [`pick-apple`](jobs.md#pick-apple) | `users`, `projects`, `posts`, `baskets` |",
  ]);
});

it("every event of the host has a description", () => {
  for (const event of Object.values(host)) expect(event.about, event.type).toMatch(/^[A-Z].*\.$/);
});
