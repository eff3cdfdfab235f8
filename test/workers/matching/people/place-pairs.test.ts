import { describe, expect, it } from "vitest";
import { servedVersion } from "../../../../src/db/versions.ts";
import { listRuns } from "../../../../src/queues/runs.ts";
import { placePairs } from "../../../../src/workers/matching/people/place-pairs.ts";
import { enqueueIn } from "../../../support/jobs.ts";
import {
  community,
  expectExact,
  happens,
  listOf,
  profile,
  sameDatabase,
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

  it("reads no list of others, and no floors again, for a change after the first", async () => {
    const world = await createWorld();
    const ids = await community(world, 39, 12);
    await scorePairs(world);
    const change = async (id: string) => {
      await setInterests(world, id, [1, 2, Number(id) % 9]);
      await happens(world, "interests.updated", { user_id: id });
      await world.drain();
      await expectExact(world);
    };
    await change(ids[0]!);
    const statements = await recordStatements(world, () => change(ids[1]!));
    const reads = statements.filter(({ text }) => text.includes("from pair_lists l where l.version"));
    // Those that were written since: of the one who changed before.
    expect(reads.map(({ text }) => text.includes("l.changed >"))).toEqual([true]);
    const writes = statements.filter(({ text }) => text.includes("insert into pair_lists"));
    expect(writes).toHaveLength(1);
    const written = await world.query("select user_id from pair_lists where changed = 2");
    expect(written).toEqual([{ user_id: ids[1] }, { user_id: ids[1] }]);
  });

  it("two processes place changes in turn, each with its own memory of the lists", async () => {
    const world = await createWorld();
    const ids = await community(world, 43, 24);
    await scorePairs(world, { topK: 5 });
    const workers = [world, await sameDatabase(world, {})];
    for (let n = 0; n < 8; n++) {
      const [id, other] = [ids[(n * 5) % 24]!, ids[(n * 7 + 1) % 24]!];
      await setInterests(world, id, [1, 2, n]);
      if (n % 3 === 0)
        await world.query("update profiles set visible = not visible where user_id = $1", [other]);
      for (const one of [id, other]) await happens(world, "interests.updated", { user_id: one });
      await workers[n % 2]!.drain();
      await expectExact(world);
    }
  });

  it("finds new entries in the lists of users at high positions", async () => {
    const world = await createWorld();
    const ids = await community(world, 51, 8);
    await scorePairs(world, { topK: 4 });
    // The next one gets the position after this one, which nobody has.
    await world.query(
      `with gone as (insert into users (name) values ('gone') returning id)
       insert into pair_people (version, position, user_id) select v.id, 1500, g.id from list_versions v, gone g where v.area = 'pairs'`,
    );
    const late = await profile(world, { profile: { latitude: 50.2, longitude: 10.2 }, interests: [1, 2] });
    await happens(world, "user.created", { user_id: late });
    await world.drain();
    for (const id of ids.slice(0, 3)) {
      await setInterests(world, id, [1, 2]);
      await happens(world, "interests.updated", { user_id: id });
      await world.drain();
      await expectExact(world);
    }
    expect(await world.query("select distinct part from pair_entries where part > 0")).toEqual([{ part: 2 }]);
    const seen = await world.query("select 1 from match_scores where user_id = $1", [late]);
    expect(seen.length).toBe(
      (await listOf(world, late, "A")).length + (await listOf(world, late, "B")).length,
    );
  });

  it("computes all lists once so many were placed that reads of lists would become slow", async () => {
    const world = await createWorld();
    const ids = await community(world, 45, 8);
    await scorePairs(world);
    await setInterests(world, ids[0]!, [1, 2, 3]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    await world.drain();
    expect(await servedVersion(world.db.drizzle, "pairs")).toMatchObject({ changes: 1 });
    expect(await world.query("select 1 from pair_entries limit 1")).toHaveLength(1);
    await world.query("update list_versions set changes = 1000 where area = 'pairs'");
    await setInterests(world, ids[1]!, [1, 2, 3]);
    await happens(world, "interests.updated", { user_id: ids[1] });
    await world.drain();
    expect(await servedVersion(world.db.drizzle, "pairs")).toMatchObject({ changes: 0 });
    expect(await world.query("select 1 from pair_entries")).toEqual([]);
    await expectExact(world);
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
