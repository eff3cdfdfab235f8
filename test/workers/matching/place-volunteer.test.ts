import { describe, expect, it } from "vitest";
import { lockKey } from "../../../src/db/schema-keys.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { emit } from "../../../src/events/event.ts";
import { profileUpdated } from "../../../src/events/host.ts";
import { calculateMatches } from "../../../src/workers/matching/calculate-matches.ts";
import { placeVolunteer } from "../../../src/workers/matching/place-volunteer.ts";
import { organization } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { askForRun } from "../../support/jobs.ts";
import { giveSkills, projectFor, skilled, storedLists, storedMatches } from "../../support/matching.ts";
import { createWorld, type World } from "../../support/world.ts";

const KEEP = 2;

/** A project with a full list of two, and a third volunteer who is not on it. */
async function openFullList() {
  const world = await createWorld({ environment: { MATCHES_PER_PROJECT: String(KEEP) } });
  const organizationId = await organization(world);
  const first = await skilled(world, { cooking: 0.9 }, { organizationId });
  const second = await skilled(world, { cooking: 0.6 }, { organizationId });
  const third = await skilled(world, { cooking: 0.3 }, { organizationId });
  const project = await projectFor(world, ["cooking"], { organizationId });
  await runAll(world);
  return { world, first, second, third, project };
}

async function runAll(world: World): Promise<void> {
  await askForRun(world, calculateMatches, {});
  await world.drain();
}

const listed = async (world: World) => (await storedMatches(world)).map(({ volunteer }) => volunteer);

fiveCases(placeVolunteer, async () => {
  const { world, first, third } = await openFullList();
  await giveSkills(world, third, { cooking: 0.7 });
  return {
    world,
    payload: { volunteerId: third },
    rowGone: async () => ({ volunteerId: "999999" }),
    effectIn: "volunteer_initiative_matches",
    effectIsThereOnce: async () => expect(await listed(world)).toEqual([first, third]),
    nothingHappened: async () => expect(await listed(world)).not.toContain(third),
  };
});

describe("place-volunteer", () => {
  it("inserts into a full list, cuts off its last row, and counts both", async () => {
    const { world, third } = await openFullList();
    await giveSkills(world, third, { cooking: 1 });
    expect(await world.perform(placeVolunteer, { volunteerId: third })).toMatchObject({
      counts: { added: 1, changed: 0, removed: 1, recomputes: 0 },
    });
    expect(await storedLists(world)).toMatchObject([{ size: KEEP, floor_score: 0.95 }]);
  });

  it("asks for a recompute of a full list that the volunteer leaves, which then is as a full run leaves it", async () => {
    const { world, first, second, third } = await openFullList();
    await giveSkills(world, first, { music: 1 });
    expect(await world.perform(placeVolunteer, { volunteerId: first })).toMatchObject({
      counts: { added: 0, changed: 0, removed: 0, recomputes: 1 },
    });
    expect(await world.enqueued(calculateMatches)).toHaveLength(1);
    await world.drain();
    expect(await listed(world)).toEqual([second, third]);
    const rows = await storedMatches(world);
    await runAll(world);
    expect(await storedMatches(world)).toEqual(rows);
  });

  it("follows profile.updated", async () => {
    const { world, first, third } = await openFullList();
    await giveSkills(world, third, { cooking: 0.8 });
    await inTransaction(world.db, (tx) =>
      emit(tx, profileUpdated, [{ occurredAt: new Date(), actorId: third, payload: { user_id: third } }]),
    );
    await world.drain();
    expect(await listed(world)).toEqual([first, third]);
  });

  it("waits while a full run is active, or another list is being updated", async () => {
    const { world, third } = await openFullList();
    await giveSkills(world, third, { cooking: 0.8 });
    await askForRun(world, calculateMatches, {});
    const [cut] = await world.enqueued(calculateMatches);
    await world.run(calculateMatches, [cut!.id]);
    expect(await world.perform(placeVolunteer, { volunteerId: third })).toMatchObject({ snoozed: 1 });
    await world.drain();
    await inTransaction(world.db, async (tx) => {
      await tx.execute(`select pg_advisory_xact_lock(${lockKey("calculate-matches")})`);
      expect(await world.perform(placeVolunteer, { volunteerId: third })).toMatchObject({ snoozed: 1 });
    });
  });
});
