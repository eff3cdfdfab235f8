import { expect, it } from "vitest";
import { installExample } from "../support/example.ts";
import { read } from "../support/pages.ts";

it("the example supabase notifies those who may see a document, and leaves the host's database as it was", async () => {
  const example = await installExample("supabase", { role: "service_role", schemas: ["auth", "public"] });
  await example.run("forward-events.sql");
  await example.settle();
  await example.expectVerified();
  await example.play();
  expect(await example.results()).toBe(read("examples/supabase/expected.txt"));
  await example.expectVerified();
  await example.uninstall("uninstall.sql");
});
