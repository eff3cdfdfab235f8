import { expect, it } from "vitest";
import { installExample } from "../support/example.ts";
import { read } from "../support/pages.ts";

it("the example rails notifies and pays the right people, and leaves the host's database as it was", async () => {
  const example = await installExample("rails", { role: "rails_app", schemas: ["public"] });
  await example.settle();
  await example.expectVerified();
  await example.play();
  await example.commonwork("sale", "--user-id", "15", "--amount", "100", "--transaction-id", "sale-1");
  await example.settle();
  expect(await example.results()).toBe(read("examples/rails/expected.txt"));
  await example.expectVerified();
  await example.uninstall();
});
