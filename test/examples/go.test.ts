import { expect, it } from "vitest";
import { notifyProjectMatches } from "../../src/workers/notifications/matching/notify-project-matches.ts";
import { installExample } from "../support/example.ts";
import { performRun } from "../support/jobs.ts";
import { read } from "../support/pages.ts";

it("the example go matches and notifies the right people, and leaves the host's database as it was", async () => {
  const example = await installExample("go", { role: "go_app", schemas: ["civic"] });
  await example.settle();
  await example.expectVerified();
  await example.play();
  await performRun(example.world, notifyProjectMatches, {});
  await example.settle();
  expect(await example.results()).toBe(read("examples/go/expected.txt"));
  await example.expectVerified();
  await example.uninstall();
});
