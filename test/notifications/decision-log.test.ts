import { expect, it } from "vitest";
import {
  countDecisions,
  type DecisionLine,
  decisionsBetween,
  listDecisions,
} from "../../src/notifications/decision-log.ts";
import { delivery } from "../support/emails.ts";
import * as host from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

it("reads a bounded number of decisions, and continues after those that did not match", async () => {
  const world = await createWorld();
  const on = world.db.drizzle;
  const [ada = ""] = await host.users(world, 1);
  const ids: string[] = [];
  for (let n = 0; n < 6; n++)
    ids.push(await delivery(world, { userId: ada, ...(n === 0 ? { cadence: "daily" } : {}) }));
  const range = await decisionsBetween(on, new Date(0), null);
  const limits = { limit: 10, mostRead: 2 };
  const found: DecisionLine[] = [];
  let before: string | null | undefined;
  let pages = 0;
  while (before !== null) {
    const page = await listDecisions(on, range, { decision: "digested" }, { ...limits, before });
    found.push(...page.lines);
    before = page.before;
    pages += 1;
  }
  expect(found.map(({ id }) => id)).toEqual(ids.slice(0, 1));
  expect(pages).toBe(4);
  expect(await countDecisions(on, range, 5)).toMatchObject({ total: 6, isPartial: true });
  expect(await countDecisions(on, range, 6)).toMatchObject({ total: 6, isPartial: false });
});

it("counts nothing where nothing was decided", async () => {
  const world = await createWorld();
  const on = world.db.drizzle;
  const range = await decisionsBetween(on, new Date(0), null);
  expect(await countDecisions(on, range)).toEqual({ counts: [], total: 0, isPartial: false });
  expect(await listDecisions(on, range, {}, { limit: 10 })).toEqual({ lines: [], before: null });
});
