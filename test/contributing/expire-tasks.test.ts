import { describe, expect, it } from "vitest";
import { organization, volunteer } from "../support/factories.ts";
import { fiveCases } from "../support/five-cases.ts";
import { performRanged } from "../support/jobs.ts";
import { rangedCases } from "../support/ranged-cases.ts";
import { assign } from "../support/tasks.ts";
import { createWorld } from "../support/world.ts";
import { expireTasks } from "./expire-tasks.ts";

async function scene() {
  const world = await createWorld({ at: "2026-04-01T06:30:00Z", jobs: [expireTasks] });
  const person = await volunteer(world, { organizationId: await organization(world) });
  await world.query("update users set time_zone = 'America/New_York' where id = $1", [person.userId]);
  const [id] = await assign(world, { assignee: person, assignedAt: "2026-03-01T15:00:00Z" });
  const stateOf = () =>
    world.query(
      "select a.status, e.payload->>'user_id' as notified from task_assignments a left join domain_events e on true",
    );
  return { world, person, id, stateOf };
}

fiveCases(expireTasks, async () => {
  const { world, person, stateOf } = await scene();
  return {
    world,
    payload: { days: 30 },
    rowGone: async () => {
      await world.query("delete from task_assignments");
      return { days: 30 };
    },
    effectIsThereOnce: async () =>
      expect(await stateOf()).toEqual([{ status: "rejected", notified: person.userId }]),
    nothingHappened: async () =>
      expect(
        (await stateOf()).filter(({ status, notified }) => status !== "pending" || notified !== null),
      ).toEqual([]),
    effectIn: "domain_events",
  };
});

rangedCases(expireTasks, async () => {
  const { world, person } = await scene();
  await assign(
    world,
    ...Array.from({ length: 1_500 }, () => ({ assignee: person, assignedAt: "2026-03-01T15:00:00Z" })),
  );
  const counted = async () =>
    (
      await world.query(
        `select (select count(*)::int from task_assignments where status = 'rejected') as rejected,
                (select count(distinct payload->>'assignment_id')::int from domain_events) as notified, (select count(*)::int from domain_events) as events`,
      )
    )[0];
  return {
    world,
    payload: { days: 30 },
    ranges: 2,
    effectIn: "domain_events",
    effectsAreThereOnce: async () =>
      expect(await counted()).toEqual({ rejected: 1_501, notified: 1_501, events: 1_501 }),
    nothingHappened: async () => expect(await counted()).toEqual({ rejected: 0, notified: 0, events: 0 }),
  };
});

describe("expire-tasks", () => {
  it("counts days by the clock of the volunteer", async () => {
    const { world, stateOf } = await scene();
    world.at("2026-04-01T03:30:00Z");
    expect(await performRanged(world, expireTasks, { days: 30 })).toMatchObject({ counts: { expired: 0 } });
    world.at("2026-04-01T04:00:00Z");
    expect(await performRanged(world, expireTasks, { days: 30 })).toMatchObject({ counts: { expired: 1 } });
    expect(await stateOf()).toMatchObject([{ status: "rejected" }]);
  });

  it("leaves alone what has been handed in", async () => {
    const { world, id } = await scene();
    await world.query(
      "update task_assignments set status = 'submitted', submitted_at = now() where id = $1",
      [id],
    );
    expect(await performRanged(world, expireTasks, { days: 30 })).toMatchObject({ counts: { expired: 0 } });
  });
});
