import { expect, it } from "vitest";
import { createWorld } from "../support/world.ts";

// Such a join is planned once, for the first small statement of a session, and stays a nested loop: an update
// of 10,000 messages after one of a single message compared every old row with every new one.
it("triggers of updates do not join the rows before a statement with those after it", async () => {
  const world = await createWorld();
  const functions = await world.query<{ name: string; source: string; before: string; after: string }>(
    `select distinct p.oid::regproc::text as name, p.prosrc as source, t.tgoldtable as before, t.tgnewtable as after
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
     where c.relnamespace = current_schema()::regnamespace and t.tgoldtable is not null and t.tgnewtable is not null`,
  );
  expect(functions.map(({ name }) => name)).toContain("mark_moved_messages");
  const joins = functions.filter(({ source, before, after }) => {
    const [one, other] = [`(?:${before}|${after})`, `(?:${after}|${before})`];
    return new RegExp(
      String.raw`\b${one}(?:\s+(?:as\s+)?\w+)?\s*(?:,|\b(?:cross|inner|left|right|full|join)\b[\s\w]*?)\s*${other}\b`,
      "i",
    ).test(source);
  });
  expect(joins.map(({ name }) => name)).toEqual([]);
});
