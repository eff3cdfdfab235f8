import { expect, it } from "vitest";
import { installExample } from "../support/example.ts";
import { read } from "../support/pages.ts";

it("the example fastapi recommends the right postings, and leaves the host's database as it was", async () => {
  const example = await installExample("fastapi", { role: "fastapi_app", schemas: ["auth", "public"] });
  await example.settle();
  await example.expectVerified();
  await example.run("postings.sql");
  await example.play();
  await example.run("postings.sql");
  await example.settle();
  expect(await example.results()).toBe(read("examples/fastapi/expected.txt"));
  await example.expectVerified();
  await example.uninstall();
});
