import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createWorld } from "../support/world.ts";

const page = readFileSync(
  fileURLToPath(new URL("../../docs/operations-notifications.md", import.meta.url)),
  "utf8",
);

it("every query of the operations page runs", async () => {
  const world = await createWorld();
  await world.query("insert into domain_events (event_type) values ('weather_changed')");
  const queries = [
    ...[...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query]) => query as string),
    ...[...page.matchAll(/`(select [^`]*)`/g)].map(([, query]) => query as string),
  ];
  expect(queries.length).toBeGreaterThanOrEqual(7);
  for (const query of queries) await world.query(query);
});
