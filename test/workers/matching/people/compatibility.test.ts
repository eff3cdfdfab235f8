import { describe, expect, it } from "vitest";
import { compatibility } from "../../../../src/workers/matching/people/compatibility.ts";
import { enqueueRunIn, performRun, runOne } from "../../../support/jobs.ts";
import {
  community,
  happens,
  profile,
  rate,
  sameDatabase,
  scorePairs,
  setInterests,
} from "../../../support/pairs.ts";
import { block } from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

const compare = (world: World, input: Record<string, unknown> = {}) =>
  performRun(world, compatibility, input);

type Row = { target_id: string; score: number | null; status: string; components: unknown };
const rowsOf = (world: World, userId: string) =>
  world.query<Row>(
    "select target_id, score, status, components from user_compatibility where user_id = $1 order by target_id",
    [userId],
  );
const targetsOf = async (world: World, userId: string) =>
  (await rowsOf(world, userId)).map(({ target_id }) => target_id);

const QUIZ = { quiz_vector: [1, 0, 0, 0, 0, 0, 0, 0] };

describe("compatibility", () => {
  it("scores a pair from 0 to 1, with its terms", async () => {
    const world = await createWorld();
    const ada = await profile(world, { profile: QUIZ, interests: [1, 2, 3, 4] });
    const bob = await profile(world, { profile: QUIZ, interests: [4] });
    await scorePairs(world);
    expect((await compare(world)).counts).toMatchObject({ users: 2, pairs: 2, unchanged: 0 });
    // 0.45 x 1 + 0.25 x 1 / sqrt(4) + 0.1 x 0.5 + 0.2 x 0.5
    expect(await rowsOf(world, ada)).toEqual([
      {
        target_id: bob,
        score: expect.closeTo(0.725, 6),
        status: "SCORED",
        components: { traits: 1, interests: 0.502, quality: 0.502, fit: 0.502 },
      },
    ]);
  });

  it("has no score where neither has a signal", async () => {
    const world = await createWorld();
    const [ada, bob] = [await profile(world), await profile(world)];
    await scorePairs(world);
    await compare(world);
    expect(await rowsOf(world, ada)).toEqual([
      { target_id: bob, score: null, status: "INSUFFICIENT_DATA", components: null },
    ]);
  });

  it("regression 8: is never below 0, however opposite two people are", async () => {
    const world = await createWorld();
    const ada = await profile(world, { profile: QUIZ, traits: { calm: 10, open: 10 } });
    const bob = await profile(world, {
      profile: { quiz_vector: [-1, 0, 0, 0, 0, 0, 0, 0] },
      traits: { calm: -10, open: -10 },
    });
    for (let n = 0; n < 3; n++) {
      const other = await profile(world);
      await rate(world, other, bob, [5, 0, 0, 0]);
      await rate(world, ada, other, [0, 5, 5, 5]);
    }
    await happens(world, "quiz.submitted", { user_id: ada });
    await happens(world, "quiz.submitted", { user_id: bob });
    await world.drain();
    await scorePairs(world);
    await compare(world);
    const row = (await rowsOf(world, ada)).find(({ target_id }) => target_id === bob);
    expect(row!.score).toBeGreaterThanOrEqual(0);
    expect(row!.components).toMatchObject({ traits: 0, fit: 0 });
  });

  it("compares with matches, access asked for and granted, conversations, and the best pair scores", async () => {
    const world = await createWorld();
    const [me, match, requested, denied, talks, crowd] = [
      await profile(world, { interests: [1] }),
      await profile(world),
      await profile(world),
      await profile(world),
      await profile(world),
      await profile(world),
    ];
    await scorePairs(world);
    await world.query("insert into user_matches (user_id, other_id) values ($1, $2)", [match, me]);
    await world.query(
      "insert into profile_access (owner_id, viewer_id, status) values ($1, $2, 'pending'), ($3, $1, 'denied')",
      [me, requested, denied],
    );
    await talk(world, [me!, talks!]);
    const others = await world.query<{ id: string }>(
      "insert into users (name) select 'other' from generate_series(1, 12) returning id",
    );
    await talk(world, [me!, crowd!, ...others.map(({ id }) => id)]);
    await compare(world, { maxSuggestionTargets: 0 });
    expect(await targetsOf(world, me!)).toEqual(
      [match, requested, talks].sort((a, b) => Number(a) - Number(b)),
    );
    await compare(world, { maxSuggestionTargets: 1 });
    expect(await targetsOf(world, me!)).toHaveLength(3);
    await compare(world);
    expect(await targetsOf(world, me!)).toHaveLength(5);
  });

  it("skips those whose inputs, and whose targets' inputs, have not changed", async () => {
    const world = await createWorld();
    const ids = await community(world, 51, 12);
    await scorePairs(world);
    expect((await compare(world)).counts).toMatchObject({ users: 12, unchanged: 0 });
    expect((await compare(world)).counts).toMatchObject({ users: 0, unchanged: 12 });
    // Another version of the pair lists has the same people in other places of memory.
    await scorePairs(world, { full: true });
    expect((await compare(world)).counts).toMatchObject({ users: 0, unchanged: 12 });
    await setInterests(world, ids[0]!, [1, 2, 3, 4, 5]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    await world.drain();
    const run = await compare(world);
    expect(run.counts!["users"]).toBeGreaterThan(1);
    expect((await compare(world)).counts).toMatchObject({ users: 0 });
  });

  it("--user-id compares one user; those who left lose their list", async () => {
    const world = await createWorld();
    const ids = await community(world, 53, 6);
    await scorePairs(world);
    await compare(world);
    await setInterests(world, ids[1]!, [9, 8, 7]);
    await happens(world, "interests.updated", { user_id: ids[1] });
    await world.drain();
    // It was compared when it was placed.
    expect((await compare(world, { userId: ids[1] })).counts).toMatchObject({ users: 0, unchanged: 1 });
    await world.query("update profiles set deleted_at = now() where user_id = $1", [ids[1]]);
    await scorePairs(world, { full: true });
    expect((await compare(world)).counts).toMatchObject({ deleted: 1 });
    expect(await rowsOf(world, ids[1]!)).toEqual([]);
  });

  it("hides those who hid or blocked, at the next read", async () => {
    const world = await createWorld();
    const [ada, bob, cleo] = [await profile(world), await profile(world), await profile(world)];
    await scorePairs(world);
    await compare(world);
    await block(world, bob!, ada!);
    await world.query("update profiles set visible = false where user_id = $1", [cleo]);
    expect(await rowsOf(world, ada!)).toEqual([]);
  });

  it("waits for match scores, and follows COMPATIBILITY_ALGO_VERSION, which only rises", async () => {
    const world = await createWorld();
    await community(world, 55, 5);
    expect(await compare(world)).toMatchObject({ status: "skipped" });
    await scorePairs(world);
    await compare(world);
    const newer = await sameDatabase(world, { COMPATIBILITY_ALGO_VERSION: "2" });
    expect((await compare(newer)).counts).toMatchObject({ users: 5 });
    expect(await newer.query("select algo_version from list_versions where area = 'compatibility'")).toEqual([
      { algo_version: 2 },
    ]);
    expect(await compare(world)).toMatchObject({ status: "skipped" });
  });

  it("a process with an older COMPATIBILITY_ALGO_VERSION leaves the ranges of a newer one to it, and single users", async () => {
    const world = await createWorld();
    const ids = await community(world, 57, 5);
    await scorePairs(world);
    await compare(world);
    const newer = await sameDatabase(world, { COMPATIBILITY_ALGO_VERSION: "2" });
    await enqueueRunIn(newer, compatibility, {});
    const lists = () =>
      world.query(
        `select v.algo_version as algo, v.state, count(l.user_id)::int as lists from list_versions v
         left join compatibility_lists l on l.version = v.id where v.area = 'compatibility' group by v.id order by v.id`,
      );
    for (const part of ["compatibility", RANGE, SUM]) {
      await newer.skipBackOff();
      await runOne(newer, part);
      const before = await lists();
      await world.drain();
      expect(await lists(), part).toEqual(before);
    }
    await newer.skipBackOff();
    await newer.drain();
    expect(await lists()).toEqual([{ algo: 2, state: "served", lists: 5 }]);
    await setInterests(world, ids[0]!, [1, 2, 3, 4, 5, 6]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    await world.drain();
    expect(await world.enqueued(compatibility)).toMatchObject([{ attempts: 0, dead: false }]);
    await newer.skipBackOff();
    await newer.drain();
    expect((await compare(newer, { userId: ids[0] })).counts).toMatchObject({ users: 0, unchanged: 1 });
  });

  it("a range of a version that was replaced ends, and its users are compared for the one that is served", async () => {
    const world = await createWorld();
    const ids = await community(world, 59, 5);
    await scorePairs(world);
    await compare(world);
    await enqueueRunIn(world, compatibility, { userId: ids[0] });
    await runOne(world, "compatibility");
    // As by a run with a new algorithm that ends before this range is taken.
    await world.query("update list_versions set state = 'retired' where area = 'compatibility'");
    await world.query(
      "insert into list_versions (area, algo_version, as_of, state) values ('compatibility', 1, now(), 'served')",
    );
    await world.drain();
    expect(await world.query("select 1 from job_runs where finished_at is null")).toEqual([]);
    expect(await world.query("select 1 from outbox")).toEqual([]);
    expect(await targetsOf(world, ids[0]!)).not.toEqual([]);
  });

  it.each([
    ["batchSize", 0, 5_001],
    ["targetBatchSize", 0, 20_001],
    ["maxSuggestionTargets", -1, 401],
  ])("%s is bounded", (name, low, high) => {
    for (const value of [low, high])
      expect(compatibility.payload.safeParse({ [name]: value }).success).toBe(false);
    expect(compatibility.payload.safeParse({ [name]: 1 }).success).toBe(true);
  });
});

const [RANGE, SUM] = ["compatibility/range", "compatibility/sum"];

async function talk(world: World, users: readonly string[]): Promise<void> {
  const [thread] = await world.query<{ id: string }>(
    "insert into chat_threads (topic) values ('') returning id",
  );
  await world.query(
    "insert into chat_thread_participants (thread_id, user_id) select $1, unnest($2::bigint[])",
    [thread!.id, users],
  );
}
