import { describe, expect, it } from "vitest";
import { servedVersion } from "../../../../src/db/versions.ts";
import { matchScores } from "../../../../src/workers/matching/people/match-scores.ts";
import { placePairs } from "../../../../src/workers/matching/people/place-pairs.ts";
import { enqueueRunIn, runOne } from "../../../support/jobs.ts";
import { killWorkerMidJob } from "../../../support/kills.ts";
import {
  answer,
  community,
  expectExact,
  happens,
  listOf,
  profile,
  rate,
  sameDatabase,
  scorePairs,
  setInterests,
  storedLists,
} from "../../../support/pairs.ts";
import { block } from "../../../support/platform.ts";
import { size } from "../../../support/sizes.ts";
import { recordStatements } from "../../../support/statements.ts";
import { createWorld, type World } from "../../../support/world.ts";

const AT = "2026-06-02T03:30:00Z";
const open = (environment: Record<string, string> = {}) => createWorld({ at: AT, environment });

const served = (world: World) => servedVersion(world.db.drizzle, "pairs");

const versions = (world: World) =>
  world.query<{ algo: number; state: string }>(
    "select algo_version as algo, state from list_versions where area = 'pairs' order by id",
  );

describe("match-scores", () => {
  it("stores the same lists as the reference, for a community with all kinds of gaps", async () => {
    const world = await open();
    await community(world, 3, 40);
    const run = await scorePairs(world);
    expect(run).toMatchObject({ status: "done", counts: { people: 40, viewers: 40, "scored-all": 0 } });
    await expectExact(world);
  });

  it("shows a pair with its tier, its terms and its reasons", async () => {
    const world = await open();
    const ada = await profile(world, {
      profile: { latitude: 50, longitude: 10, quiz_vector: [1, 0, 0, 0, 0, 0, 0, 0] },
      preferences: { genders: ["man"], age_min: 30, age_max: 40, distance_km: 50 },
      interests: [1, 2, 3],
    });
    const bob = await profile(world, {
      profile: {
        latitude: 50,
        longitude: 10,
        gender: "Man ",
        birth_date: "1990-01-01",
        quiz_vector: [2, 0, 0, 0, 0, 0, 0, 0],
        updated_at: new Date("2026-05-03T03:30:00Z"),
      },
      interests: [2, 3, 4],
    });
    await scorePairs(world);
    // 0.25 x 1 + 0.2 x 2/4 + 0.15 x 0.5 + 0.1 x 0.5 + 0.2 x 1 + 0.1 x 0.5
    expect(await world.query("select * from match_scores where user_id = $1", [ada])).toEqual([
      {
        user_id: ada,
        candidate_id: bob,
        score: expect.closeTo(0.725, 6),
        tier: "A",
        components: { traits: 1, interests: 0.502, quality: 0.502, fit: 0.502, proximity: 1, newness: 0.502 },
        reasons: {
          shared_interests: expect.arrayContaining(["Interest 2", "Interest 3"]),
          strongest: ["traits", "proximity", "interests"],
        },
        scored_at: new Date(AT),
      },
    ]);
  });

  it("regression 6: a candidate's change reaches the lists of others at once, by its event", async () => {
    const world = await open();
    const ids = await community(world, 5, 30);
    await scorePairs(world);
    const before = await storedLists(world);
    await setInterests(world, ids[4]!, [1, 2, 3, 4, 5, 6]);
    await world.query(
      "update profiles set latitude = 50.5, longitude = 10.5, gender = 'woman' where user_id = $1",
      [ids[4]],
    );
    await happens(world, "profile.updated", { user_id: ids[4], parts: ["place"] });
    await world.drain();
    await expectExact(world);
    const others = (lists: typeof before) => JSON.stringify(lists.filter(({ user }) => user !== ids[4]));
    expect(others(await storedLists(world))).not.toBe(others(before));
  });

  it("keeps the lists current over many changes: the same as computed anew for the same instant", async () => {
    const world = await open();
    const ids = await community(world, 7, 30);
    // Short lists: people leave them, reserves are used up, others enter.
    await scorePairs(world, { topK: 4 });
    const asOf = (await served(world))!.asOf;
    for (let n = 0; n < size(18, 72); n++) {
      const [one, other] = [ids[(n * 7) % 30]!, ids[(n * 11 + 3) % 30]!];
      await change(world, n % 9, one, other);
      if (n % 3 === 2) {
        await world.drain();
        await expectExact(world);
      }
    }
    const newcomer = await profile(world, {
      profile: { latitude: 50.2, longitude: 10.2 },
      interests: [1, 2],
    });
    await happens(world, "user.created", { user_id: newcomer });
    await world.drain();
    await expectExact(world);
    expect((await served(world))!.asOf).toEqual(asOf);
    expect(await world.query("select 1 from pair_changes")).toEqual([]);
  });

  it("regression 7: when everybody hides, all lists are empty", async () => {
    const world = await open();
    await community(world, 9, 10);
    await scorePairs(world);
    await world.query("update profiles set visible = false");
    await scorePairs(world, { full: true });
    for (const { ids } of await storedLists(world)) expect(ids).toEqual([]);
    expect(await world.query("select 1 from match_scores")).toEqual([]);
  });

  it("regression 12: a birthday changes the tier with the next day's run", async () => {
    const world = await open();
    const ada = await profile(world, { preferences: { age_min: 30 } });
    const bob = await profile(world, { profile: { birth_date: "1996-06-03" } });
    await scorePairs(world);
    expect(await listOf(world, ada, "B")).toEqual([bob]);
    world.at("2026-06-03T03:30:00Z");
    await scorePairs(world);
    expect(await listOf(world, ada, "A")).toEqual([bob]);
  });

  it("regression 3: scores as of the instant of the version, whenever users are placed", async () => {
    const world = await open();
    const ids = await community(world, 45, 10);
    await scorePairs(world);
    const before = await storedLists(world);
    world.at("2026-06-02T15:00:00Z");
    for (const id of ids) await happens(world, "preferences.updated", { user_id: id });
    await world.drain();
    expect(await storedLists(world)).toEqual(before);
  });

  it("people who hide, leave, or block are missing at the very next read, before any job", async () => {
    const world = await open();
    const ada = await profile(world);
    const [bob, cleo, dan] = [await profile(world), await profile(world), await profile(world)];
    await scorePairs(world, { topK: 2 });
    const shown = async () =>
      (
        await world.query<{ id: string }>(
          "select candidate_id as id from match_scores where user_id = $1 order by score desc, candidate_id",
          [ada],
        )
      ).map(({ id }) => id);
    expect(await shown()).toEqual([bob, cleo]);
    await world.query("update profiles set visible = false where user_id = $1", [bob]);
    expect(await shown()).toEqual([cleo, dan]);
    await block(world, dan, ada);
    expect(await shown()).toEqual([cleo]);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [cleo]);
    expect(await shown()).toEqual([]);
  });

  it("implausible values affect only their own row", async () => {
    const world = await open();
    const ids = await community(world, 11, 12);
    await scorePairs(world);
    const sound = await storedLists(world);
    const odd: Record<string, unknown>[] = [
      { latitude: 999, longitude: 5 },
      { latitude: "NaN", longitude: "Infinity" },
      { birth_date: "2099-01-01" },
      { birth_date: "0001-01-01" },
      { quiz_vector: [1, 2] },
      { quiz_vector: ["NaN", "NaN", 0, 0, 0, 0, 0, 0] },
      { updated_at: "infinity" },
    ];
    const hostile: string[] = [];
    for (const row of odd) hostile.push(await profile(world, { profile: row }));
    for (const preferences of [{ distance_km: 0 }, { distance_km: -3 }, { age_min: 60, age_max: 20 }])
      hostile.push(await profile(world, { preferences }));
    hostile.push(await profile(world, { interests: Array.from({ length: 10_000 }, (_, n) => n + 100) }));
    const worst = await profile(world, { traits: { "trait 1": 1e300 } });
    await answer(world, worst, { "trait 2": "NaN", "trait 3": null, "trait 4": { deep: 1 } });
    for (const rater of hostile.slice(1)) await rate(world, rater, hostile[0]!, [5, 5, 5, Number.NaN]);
    await block(world, hostile[1]!, ids[0]!);
    expect(await scorePairs(world, { full: true })).toMatchObject({ status: "done" });
    await expectExact(world);
    // Without them, everybody's lists are as before.
    const added = new Set([...hostile, worst]);
    const among = (await storedLists(world))
      .filter(({ user }) => !added.has(user))
      .map(({ user, tier, ids: listed }) => ({ user, tier, ids: listed.filter((id) => !added.has(id)) }));
    expect(among).toEqual(sound.map(({ user, tier, ids: listed }) => ({ user, tier, ids: listed })));
  });

  it("someone who blocks everybody is on no list, and has none", async () => {
    const world = await open();
    const ids = await community(world, 13, 15);
    await scorePairs(world);
    for (const id of ids) await block(world, ids[0]!, id);
    await happens(world, "user.blocked", { user_id: ids[0], blocked_user_id: ids[1] });
    await world.drain();
    await expectExact(world);
    for (const { user, ids: listed } of await storedLists(world))
      expect(user === ids[0] ? listed : listed.includes(ids[0]!)).toEqual(user === ids[0] ? [] : false);
  });
});

describe("the options of match-scores", () => {
  it("--user-id computes the lists of one user, and their place in others", async () => {
    const world = await open();
    const ids = await community(world, 15, 20);
    await scorePairs(world);
    await setInterests(world, ids[2]!, [1, 2, 3]);
    const run = await scorePairs(world, { userId: ids[2] });
    expect(run.counts).toMatchObject({ placed: 1 });
    await expectExact(world);
  });

  it("--user-id computes everything where nothing was computed before", async () => {
    const world = await open();
    const ids = await community(world, 15, 8);
    expect((await scorePairs(world, { userId: ids[2] })).counts).toMatchObject({ viewers: 8 });
    await expectExact(world);
  });

  it("--batch-size sets how many users a range computes", async () => {
    const world = await open();
    await community(world, 17, 10);
    const ranges = async (batchSize: number) => {
      const run = await scorePairs(world, { batchSize, full: true });
      return run.total;
    };
    // One range of people, those of lists, and from the second run on one that deletes.
    const [few, many] = [await ranges(10), await ranges(3)];
    expect(few).not.toBe(many);
    await expectExact(world);
  });

  it("--candidate-batch-size sets how many users a statement reads", async () => {
    const world = await open();
    await community(world, 17, 10);
    const reads = async (candidateBatchSize: number) => {
      const statements = await recordStatements(world, () =>
        scorePairs(world, { candidateBatchSize, full: true }),
      );
      return statements.filter(({ text }) => text.includes("string_agg") && text.includes("l.position >="))
        .length;
    };
    expect([await reads(10), await reads(4)]).toEqual([1, 3]);
    await expectExact(world);
  });

  it("--batch-size sets how many users are placed together", async () => {
    const world = await open();
    const ids = await community(world, 17, 10);
    await scorePairs(world);
    const placements = async (batchSize: number) => {
      for (const id of ids.slice(0, 4))
        await world.query("insert into pair_changes (user_id) values ($1)", [id]);
      return (await scorePairs(world, { batchSize })).total;
    };
    expect([await placements(10), await placements(2)]).toEqual([1, 2]);
    await expectExact(world);
  });

  it("--user-id is not combined with options that concern the lists of all", () => {
    for (const ofAll of [{ topK: 50 }, { full: true }]) {
      expect(matchScores.payload.safeParse({ userId: "8", ...ofAll }).success).toBe(false);
      expect(matchScores.payload.safeParse(ofAll).success).toBe(true);
    }
    expect(matchScores.payload.safeParse({ userId: "8", full: false }).success).toBe(true);
  });

  it("--top-k sets how many are served, and --pause-ms rests after each batch", async () => {
    const world = await open();
    const ids = await community(world, 19, 12);
    const before = Date.now();
    await scorePairs(world, { topK: 2, pauseMs: 300 });
    expect(Date.now() - before).toBeGreaterThanOrEqual(300);
    for (const { ids: listed } of await storedLists(world)) expect(listed.length).toBeLessThanOrEqual(2);
    expect(await world.query("select 1 from match_scores where user_id = $1", [ids[0]])).toHaveLength(
      (await listOf(world, ids[0]!, "A")).length + (await listOf(world, ids[0]!, "B")).length,
    );
    await expectExact(world);
  });

  it("without --full, lists of today are kept and those who changed are placed", async () => {
    const world = await open();
    const ids = await community(world, 21, 10);
    await scorePairs(world);
    const first = await served(world);
    expect((await scorePairs(world)).counts).toEqual({ placed: 0 });
    await world.query("insert into pair_changes (user_id) values ($1)", [ids[0]]);
    expect((await scorePairs(world)).counts).toMatchObject({ placed: 1 });
    expect((await served(world))!.id).toBe(first!.id);
    await scorePairs(world, { full: true });
    const second = await served(world);
    expect(second!.id).not.toBe(first!.id);
    world.at("2026-06-03T03:30:00Z");
    expect((await scorePairs(world)).counts).toMatchObject({ viewers: 10 });
    expect((await served(world))!.asOf).toEqual(new Date("2026-06-03T03:30:00Z"));
  });

  it.each([
    ["batchSize", 0, 2_001],
    ["candidateBatchSize", 0, 20_001],
    ["topK", 0, 401],
    ["pauseMs", -1, 60_001],
  ])("%s is bounded", (name, low, high) => {
    for (const value of [low, high, 1.5])
      expect(matchScores.payload.safeParse({ [name]: value }).success, `${value}`).toBe(false);
    expect(matchScores.payload.safeParse({ [name]: 1 }).success).toBe(true);
  });
});

describe("the run of the next day", () => {
  const NEXT_DAY = "2026-06-03T03:30:00Z";

  it("carries the lists over, and finds changes without an event", async () => {
    const world = await open();
    const ids = await community(world, 47, 40);
    // Longer lists than there are people: nobody is outside of one.
    await scorePairs(world);
    const [mover, hidden, gone, blocker, blocked, idle] = ids as [string, ...string[]];
    await setInterests(world, mover, [1, 2, 3]);
    await world.query("update profiles set visible = not visible where user_id = $1", [hidden]);
    await world.query("update profiles set deleted_at = now() where user_id = $1", [gone]);
    await block(world, blocker!, blocked!);
    const newcomer = await profile(world, { profile: { latitude: 50.2, longitude: 10.2 }, interests: [1] });
    world.at(NEXT_DAY);
    const { counts } = await scorePairs(world);
    // The others; birthdays are on the 15th.
    expect(counts).toMatchObject({ viewers: 40, carried: 35 });
    expect((await listOf(world, idle!, "A")).concat(await listOf(world, idle!, "B"))).toContain(newcomer);
    await expectExact(world);
    expect((await scorePairs(world, { full: true })).counts).toMatchObject({ viewers: 40, carried: 0 });
  });

  it("gives the same lists as a full run, day after day, also those that events have changed", async () => {
    const world = await open();
    const ids = await community(world, 49, 60);
    // Short lists: somebody is outside of each.
    await scorePairs(world, { topK: 6 });
    let carried = 0;
    for (const day of [3, 4, 14, 15]) {
      const [one, other] = [ids[(day * 7) % 60]!, ids[(day * 11) % 60]!];
      await change(world, day % 9, one, other);
      await world.drain();
      await change(world, (day + 4) % 9, other, one);
      world.at(`2026-06-${String(day).padStart(2, "0")}T03:30:00Z`);
      carried += (await scorePairs(world)).counts?.["carried"] ?? 0;
      await expectExact(world);
    }
    expect(carried).toBeGreaterThan(60);
  });

  it("computes all lists where their length or the algorithm is another one", async () => {
    const world = await open();
    await community(world, 51, 10);
    await scorePairs(world, { topK: 5 });
    expect((await scorePairs(world, { topK: 6 })).counts).toMatchObject({ viewers: 10, carried: 0 });
    const newer = await sameDatabase(world, { MATCH_ALGO_VERSION: "2" });
    expect((await scorePairs(newer, {})).counts).toMatchObject({ viewers: 10, carried: 0 });
    await expectExact(newer);
  });

  it("places those whose blocks change while lists are computed", async () => {
    const world = await open();
    const ids = await community(world, 53, 12);
    await scorePairs(world);
    await world.query("delete from user_blocks");
    world.at(NEXT_DAY);
    await enqueueRunIn(world, matchScores, {});
    for (const part of UNTIL_THE_LISTS) await runOne(world, part);
    await block(world, ids[0]!, ids[1]!);
    await world.drain();
    await expectExact(world);
    // Without an event, after its facts were stored: lists that were carried over would lack the person.
    await world.query("delete from user_blocks");
    world.at("2026-06-04T03:30:00Z");
    await scorePairs(world);
    await expectExact(world);
  });

  it("stores no change of single users while the lists that it would change are carried over", async () => {
    const world = await open();
    const ids = await community(world, 55, 12);
    await scorePairs(world);
    await setInterests(world, ids[0]!, [1, 2, 3]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    for (const part of ["notify-fan-out", "record-pair-changes", "place-pairs"]) await runOne(world, part);
    world.at(NEXT_DAY);
    await enqueueRunIn(world, matchScores, {});
    for (const part of UNTIL_THE_LISTS.slice(0, 2)) await runOne(world, part);
    const before = await storedLists(world);
    const newcomer = await profile(world, { interests: [1, 2, 3] });
    await world.query("insert into pair_changes (user_id) values ($1)", [newcomer]);
    await runOne(world, "place-pairs/range");
    expect(await storedLists(world)).toEqual(before);
    await world.skipBackOff();
    await world.drain();
    await expectExact(world);
    expect(await world.query("select 1 from pair_changes")).toEqual([]);
  });
});

describe("versions of the algorithm", () => {
  it("regression 4: a new one is written beside the old and takes its place when it is complete", async () => {
    const world = await open();
    await community(world, 23, 12);
    await scorePairs(world);
    const before = await storedLists(world);
    const newer = await sameDatabase(world, { MATCH_ALGO_VERSION: "2" });
    await enqueueRunIn(newer, matchScores, {});
    for (const part of UNTIL_THE_SWAP) await runOne(newer, part);
    expect(await versions(newer)).toEqual([
      { algo: 1, state: "served" },
      { algo: 2, state: "building" },
    ]);
    expect(await storedLists(newer)).toEqual(before);
    await runOne(newer, "match-scores/sum");
    expect((await served(newer))!.algoVersion).toBe(2);
    await newer.drain();
    expect(await versions(newer)).toEqual([{ algo: 2, state: "served" }]);
    await expectExact(newer);
  });

  it("a process with an older one serves the existing lists and writes nothing", async () => {
    const world = await open({ MATCH_ALGO_VERSION: "2" });
    const ids = await community(world, 23, 8);
    await scorePairs(world);
    const before = await storedLists(world);
    const older = await sameDatabase(world, { MATCH_ALGO_VERSION: "1" });
    await setInterests(older, ids[0]!, [1, 2, 3, 4]);
    for (const input of [{}, { full: true }, { userId: ids[0] }])
      expect(await scorePairs(older, input)).toMatchObject({ status: "skipped" });
    expect(await storedLists(older)).toEqual(before);
    // A change waits for a process with the newer one.
    await older.query("insert into pair_changes (user_id) values ($1)", [ids[0]]);
    await older.perform(placePairs, {});
    const [waiting] = await older.enqueued(placePairs);
    expect(waiting).toMatchObject({ attempts: 0, dead: false });
    expect(await storedLists(older)).toEqual(before);
    await world.skipBackOff();
    await world.drain();
    await expectExact(world);
  });

  it("a process with an older one writes nothing of a run that a newer one has begun, at no part of it", async () => {
    const world = await open();
    const ids = await community(world, 29, 8);
    await scorePairs(world);
    const newer = await sameDatabase(world, { MATCH_ALGO_VERSION: "2" });
    await enqueueRunIn(newer, matchScores, {});
    const written = () =>
      world.query(
        `select v.algo_version as algo, v.state, (select count(*)::int from pair_people p where p.version = v.id) as people,
                (select count(*)::int from pair_lists l where l.version = v.id) as lists
         from list_versions v where v.area = 'pairs' order by v.id`,
      );
    for (const part of UNTIL_THE_SWAP) {
      await newer.skipBackOff();
      await runOne(newer, part);
      const before = await written();
      await world.drain();
      expect(await written(), part).toEqual(before);
    }
    await newer.skipBackOff();
    await newer.drain();
    expect(await versions(newer)).toEqual([{ algo: 2, state: "served" }]);
    await expectExact(newer);
    // The same of a single change.
    await setInterests(world, ids[0]!, [1, 2, 3, 4]);
    await happens(world, "interests.updated", { user_id: ids[0] });
    const lists = await storedLists(world);
    for (const part of ["notify-fan-out", "record-pair-changes", "place-pairs"]) {
      await newer.skipBackOff();
      await runOne(newer, part);
    }
    await world.drain();
    expect(await storedLists(world)).toEqual(lists);
    await newer.skipBackOff();
    await newer.drain();
    await expectExact(newer);
  });

  it("a change under a newer algorithm computes all lists by it", async () => {
    const world = await open();
    const ids = await community(world, 23, 8);
    await scorePairs(world);
    const newer = await sameDatabase(world, { MATCH_ALGO_VERSION: "2" });
    await happens(newer, "interests.updated", { user_id: ids[0] });
    await newer.drain();
    expect((await served(newer))!.algoVersion).toBe(2);
    await expectExact(newer);
  });

  it("a worker that is killed in the swap leaves the old lists served, and another one swaps", async () => {
    const world = await open();
    await community(world, 25, 10);
    await scorePairs(world);
    const before = await storedLists(world);
    await enqueueRunIn(world, matchScores, { full: true });
    for (const part of UNTIL_THE_SWAP) await runOne(world, part);
    await killWorkerMidJob(world, "list_versions");
    expect((await versions(world)).map(({ state }) => state)).toEqual(["served", "building"]);
    expect(await storedLists(world)).toEqual(before);
    await world.query("update outbox set carrier = null, enqueued_at = null where dead_at is null");
    await world.skipBackOff();
    await world.drain();
    expect((await versions(world)).map(({ state }) => state)).toEqual(["served"]);
    await expectExact(world);
  });

  it("rows that a failed run has written are deleted by the next one", async () => {
    const world = await open();
    await community(world, 27, 6);
    await scorePairs(world);
    await enqueueRunIn(world, matchScores, { full: true });
    for (const part of UNTIL_THE_SWAP.slice(0, 4)) await runOne(world, part);
    await world.query("delete from outbox");
    await world.query("update job_runs set status = 'failed', finished_at = now() where finished_at is null");
    await scorePairs(world, { full: true });
    expect(await versions(world)).toEqual([{ algo: 1, state: "served" }]);
    for (const table of ["pair_lists", "pair_people"])
      expect(await world.query(`select distinct version from ${table}`)).toHaveLength(1);
    await expectExact(world);
  });
});

const [RANGE, SUM] = ["match-scores/range", "match-scores/sum"];
/** The cut; the version is opened, its people are read, their lists computed: everything but the swap. */
const UNTIL_THE_SWAP = ["match-scores", RANGE, SUM, RANGE, SUM, RANGE];
/** Everything before the lists are computed. */
const UNTIL_THE_LISTS = UNTIL_THE_SWAP.slice(0, 5);

/** One of the changes that a host may tell of, with its event. */
async function change(world: World, kind: number, one: string, other: string): Promise<void> {
  switch (kind) {
    case 0:
      await setInterests(world, one, [Number(one) % 20, 3, 5]);
      return void (await happens(world, "interests.updated", { user_id: one }));
    case 1:
      await world.query("update profiles set visible = not visible where user_id = $1", [one]);
      return void (await happens(world, "profile.hidden", { user_id: one }));
    case 2:
      await block(world, one, other);
      return void (await happens(world, "user.blocked", { user_id: one, blocked_user_id: other }));
    case 3:
      await answer(world, one, { "trait 1": 4, "trait 2": -6, "a new trait": 2 });
      return void (await happens(world, "quiz.submitted", { user_id: one }));
    case 4:
      await rate(world, one, other, [5, 1, 3, 2]);
      return void (await happens(world, "rating.given", { user_id: one, rated_user_id: other }));
    case 5:
      await world.query("update profiles set latitude = 50.7, longitude = 10.3 where user_id = $1", [one]);
      return void (await happens(world, "profile.updated", { user_id: one }));
    case 6:
      await world.query(
        "insert into profile_preferences (user_id, genders) values ($1, '{man}') on conflict (user_id) do update set genders = '{woman}', distance_km = 20",
        [one],
      );
      return void (await happens(world, "preferences.updated", { user_id: one }));
    case 7:
      await world.query("delete from user_blocks where blocker_id = $1", [one]);
      return void (await happens(world, "user.unblocked", { user_id: one, blocked_user_id: other }));
    default:
      await world.query("update profiles set deleted_at = now() where user_id = $1", [one]);
      return void (await happens(world, "user.deleted", { user_id: one }));
  }
}
