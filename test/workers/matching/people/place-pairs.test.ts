import { describe, expect, it } from "vitest";
import { servedVersion } from "../../../../src/db/versions.ts";
import { listRuns } from "../../../../src/queues/runs.ts";
import { placePairs } from "../../../../src/workers/matching/people/place-pairs.ts";
import { enqueueIn } from "../../../support/jobs.ts";
import {
  community,
  expectExact,
  happens,
  profile,
  scorePairs,
  setInterests,
} from "../../../support/pairs.ts";
import { recordStatements } from "../../../support/statements.ts";
import { createWorld } from "../../../support/world.ts";

describe("place-pairs", () => {
  it("places all who changed at the same time in one run", async () => {
    const world = await createWorld();
    const ids = await community(world, 31, 20);
    await scorePairs(world);
    for (const id of ids.slice(0, 6)) {
      await setInterests(world, id, [1, 2, Number(id) % 9]);
      await happens(world, "interests.updated", { user_id: id });
    }
    await world.drain();
    const runs = await listRuns(world.db.drizzle, { job: "place-pairs" }, 5);
    expect(runs.map(({ counts }) => counts?.["placed"])).toEqual([6]);
    await expectExact(world);
  });

  it("reads everybody once for changes that come one by one, and counts who was placed", async () => {
    const world = await createWorld();
    const ids = await community(world, 31, 12);
    await scorePairs(world);
    const statements = await recordStatements(world, async () => {
      for (const id of ids.slice(0, 3)) {
        await setInterests(world, id, [1, 2, Number(id) % 9]);
        await happens(world, "interests.updated", { user_id: id });
        await world.drain();
        await expectExact(world);
      }
    });
    const reads = statements.filter(
      ({ text }) => text.includes("string_agg") && text.includes("l.position >="),
    );
    // The run before has left them in memory.
    expect(reads).toEqual([]);
    expect(await servedVersion(world.db.drizzle, "pairs")).toMatchObject({ changes: 3 });
    for (const id of ids.slice(4, 6)) await happens(world, "interests.updated", { user_id: id });
    await world.drain();
    expect(await servedVersion(world.db.drizzle, "pairs")).toMatchObject({ changes: 5 });
  });

  it("does nothing when nobody waits", async () => {
    const world = await createWorld();
    await community(world, 31, 5);
    await scorePairs(world);
    await enqueueIn(world, placePairs, {});
    await world.drain();
    const [run] = await listRuns(world.db.drizzle, { job: "place-pairs" }, 1);
    expect(run).toMatchObject({ status: "done", counts: { placed: 0 } });
  });

  it("computes all lists where there are none yet, and where too many have changed", async () => {
    const world = await createWorld();
    const ids = await community(world, 33, 6);
    await happens(world, "user.created", { user_id: ids[0] });
    await world.drain();
    await expectExact(world);
    const [first] = await world.query(
      "select id from list_versions where area = 'pairs' and state = 'served'",
    );
    await world.query(
      `with people as (insert into users (name) select 'one of many' from generate_series(1, 501) returning id)
       insert into pair_changes (user_id) select id from people`,
    );
    await enqueueIn(world, placePairs, {});
    await world.drain();
    const [second] = await world.query(
      "select id from list_versions where area = 'pairs' and state = 'served'",
    );
    expect(second).not.toEqual(first);
    expect(await world.query("select 1 from pair_changes")).toEqual([]);
    await expectExact(world);
  });

  it("waits while all lists are computed, and another change comes after", async () => {
    const world = await createWorld();
    const ids = await community(world, 35, 8);
    await scorePairs(world);
    await world.query(
      `with run as (insert into job_runs (job, trigger, input, status, started_at, total)
                    values ('match-scores', 'manual', '{}', 'running', now(), 1) returning id)
       insert into list_versions (area, algo_version, as_of, run_id) select 'pairs', 1, now(), id from run`,
    );
    await setInterests(world, ids[0]!, [1, 2, 3]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    await world.drain();
    expect((await world.enqueued(placePairs)).map(({ attempts, dead }) => [attempts, dead])).toEqual([
      [0, false],
    ]);
    await world.query(
      "update job_runs set finished_at = now(), status = 'failed' where finished_at is null and job = 'match-scores'",
    );
    await world.skipBackOff();
    await world.drain();
    await expectExact(world);
  });

  it("a user without a profile waits for nothing", async () => {
    const world = await createWorld();
    await community(world, 37, 4);
    await scorePairs(world);
    const [user] = await world.query<{ id: string }>("insert into users (name) values ('Bo') returning id");
    await happens(world, "user.created", { user_id: user!.id });
    await world.drain();
    expect(await world.query("select 1 from pair_changes")).toEqual([]);
    const late = await profile(world);
    await happens(world, "user.created", { user_id: late });
    await world.drain();
    await expectExact(world);
  });
});
