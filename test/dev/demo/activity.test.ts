import { expect, it } from "vitest";
import { createDemoActivity } from "../../../src/dev/demo/activity.ts";
import { createCommunity } from "../../../src/dev/demo/community.ts";
import { createWorld } from "../../support/world.ts";

it("the activity is in the past, in order, and unevenly distributed", async () => {
  const world = await createWorld();
  const now = new Date();
  const community = await createCommunity(world.db, { size: 400, seed: 1, now });
  const created = await createDemoActivity(world.db, community, { seed: 1, now });
  const [found] = await world.query(
    `select count(*)::int as n, count(distinct assignee_id)::int as people, count(distinct status)::int as states,
            count(*) filter (where greatest(assigned_at, submitted_at, reviewed_at) > $1)::int as future,
            count(*) filter (where submitted_at <= assigned_at or reviewed_at <= submitted_at)::int as disordered
     from task_assignments`,
    [now],
  );
  expect(found).toMatchObject({ n: created, states: 4, future: 0, disordered: 0 });
  expect(created).toBeGreaterThan(500);
  expect(found?.people).toBeLessThan(200);
});
