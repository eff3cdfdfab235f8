import { describe, expect, it } from "vitest";
import { lockKey } from "../../../src/db/schema-keys.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { emit } from "../../../src/events/event.ts";
import { profileUpdated } from "../../../src/events/host.ts";
import { calculateMatches } from "../../../src/workers/matching/calculate-matches.ts";
import { placeVolunteer } from "../../../src/workers/matching/place-volunteer.ts";
import { organization } from "../../support/factories.ts";
import { fiveCases } from "../../support/five-cases.ts";
import { enqueueRunIn } from "../../support/jobs.ts";
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
  await enqueueRunIn(world, calculateMatches, {});
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

  it("requests a recompute of a full list that the volunteer leaves, which then equals that of a full run", async () => {
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

  it("places volunteers who changed at the same time together, and leaves the rows of a full run", async () => {
    const world = await createWorld({ environment: { MATCHES_PER_PROJECT: "3" } });
    const organizationId = await organization(world);
    const names = ["cooking", "driving", "music"];
    const weights = (person: number, step: number) =>
      Object.fromEntries(
        names.map((name, n) => [name, (((person + 1) * (n + 2) * (step + 3)) % 10) / 10 || 1]),
      );
    const people: string[] = [];
    for (let n = 0; n < 8; n++) people.push(await skilled(world, weights(n, 0), { organizationId }));
    for (const required of [["cooking"], ["cooking", "music"], ["driving", "music"]])
      await projectFor(world, required, { organizationId });
    await runAll(world);
    for (let step = 1; step < 8; step++) {
      const changed = people.filter((_, n) => (n + step) % 3 !== 0);
      for (const id of changed) await giveSkills(world, id, weights(Number(people.indexOf(id)), step));
      const tally = await world.perform(placeVolunteer, ...changed.map((volunteerId) => ({ volunteerId })));
      expect(tally).toMatchObject({ retry: 0, snoozed: 0, dead: 0 });
      await world.drain();
      const placed = [await storedMatches(world), await storedLists(world)];
      await runAll(world);
      expect([await storedMatches(world), await storedLists(world)]).toEqual(placed);
    }
  });

  it("10,000 profile.updated at once are one pass over all lists, not 10,000 runs under one lock", async () => {
    const world = await createWorld();
    const organizationId = await organization(world);
    await projectFor(world, ["cooking"], { organizationId });
    const [cooking] = await world.query<{ id: string }>("select id from skills");
    await world.query(
      `with people as (insert into users (name) select '' from generate_series(1, 10000) returning id),
            volunteering as (insert into volunteers (user_id) select id from people)
       select 1`,
    );
    await world.query(
      "insert into volunteer_skills (volunteer_id, skill_id, weight) select user_id, $1, 0.1 + (user_id % 9) / 10.0 from volunteers",
      [cooking!.id],
    );
    await world.query(
      "insert into domain_events (event_type, payload) select 'profile.updated', jsonb_build_object('user_id', user_id::text) from volunteers",
    );
    await world.drain();
    // Those who changed after a pass had begun are left to one more.
    await world.skipBackOff();
    await world.drain();
    expect(await world.enqueued()).toEqual([]);
    const runs = await world.query(
      "select input, counts from job_runs where job = 'calculate-matches' order by id",
    );
    expect(runs[0]).toMatchObject({ input: {}, counts: { projects: 1, added: 200 } });
    // Each batch of 2,000 asks for a pass; those that ask while one waits share it.
    expect(runs.length).toBeLessThanOrEqual(5);
  });

  it("snoozes a group as a whole", async () => {
    const { world, first, third } = await openFullList();
    await inTransaction(world.db, async (tx) => {
      await tx.execute(`select pg_advisory_xact_lock(${lockKey("calculate-matches")})`);
      expect(
        await world.perform(placeVolunteer, { volunteerId: first }, { volunteerId: third }),
      ).toMatchObject({ snoozed: 2 });
    });
    const due = await world.query<{ at: string }>("select distinct run_at::text as at from outbox");
    expect(due).toHaveLength(1);
  });

  it("waits while a full run is active, or another list is being updated", async () => {
    const { world, third } = await openFullList();
    await giveSkills(world, third, { cooking: 0.8 });
    await enqueueRunIn(world, calculateMatches, {});
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
