import { describe, expect, it } from "vitest";
import { MAX_ID } from "../../../../src/db/id-ranges.ts";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { readSearchFacts } from "../../../../src/people/search-facts.ts";
import { computeRows, storeRows } from "../../../../src/people/search-index.ts";
import { indexProfile } from "../../../../src/workers/matching/people/index-profile.ts";
import { profileSearchIndex } from "../../../../src/workers/matching/people/profile-search-index.ts";
import { performRanged } from "../../../support/jobs.ts";
import { indexAll, interestsOf, likes, profileOf, TODAY } from "../../../support/search-people.ts";
import { createWorld, type World } from "../../../support/world.ts";

const indexed = (world: World) =>
  world.query<{ id: string; names: string }>(
    "select user_id as id, names from profile_search_index order by user_id",
  );

const lastRun = async (world: World) =>
  (
    await world.query<{ total: number; counts: unknown }>(
      "select total, counts from job_runs where job = 'profile-search-index' order by id desc limit 1",
    )
  )[0];

describe("profile-search-index", () => {
  it("writes a row for each profile, nothing the second time, and deletes rows of people who are gone", async () => {
    const world = await createWorld({ at: TODAY });
    const ids = [
      await profileOf(world, { name: "Ada" }),
      await profileOf(world, { name: "Bo", visible: false }),
    ];
    await indexAll(world);
    expect(await indexed(world)).toEqual([
      { id: ids[0], names: "ada" },
      { id: ids[1], names: "bo" },
    ]);
    expect(await lastRun(world)).toMatchObject({ counts: { written: 2, unchanged: 0, searchable: 1 } });
    await indexAll(world);
    expect(await lastRun(world)).toMatchObject({ counts: { written: 0, unchanged: 2, searchable: 1 } });
    await world.query("delete from profiles where user_id = $1", [ids[0]]);
    await indexAll(world);
    expect(await indexed(world)).toEqual([{ id: ids[1], names: "bo" }]);
  });

  it("with userId writes the row of that user alone", async () => {
    const world = await createWorld({ at: TODAY });
    const [first, second] = [await profileOf(world, { name: "Ada" }), await profileOf(world, { name: "Bo" })];
    await indexAll(world);
    await world.query("update users set name = 'New ' || name");
    await performRanged(world, profileSearchIndex, { userId: second });
    expect(await indexed(world)).toEqual([
      { id: first, names: "ada" },
      { id: second, names: "new bo" },
    ]);
  });

  it("with userBatchSize cuts ranges of that size, together of everybody: regression 11", async () => {
    const world = await createWorld({ at: TODAY });
    for (let n = 0; n < 7; n++) await profileOf(world, { name: `Person ${n}` });
    await performRanged(world, profileSearchIndex, { userBatchSize: 3 });
    expect(await lastRun(world)).toMatchObject({ total: 3, counts: { written: 7 } });
  });

  it("with pauseMs waits before each range", async () => {
    const world = await createWorld({ at: TODAY });
    await profileOf(world);
    const started = performance.now();
    await performRanged(world, profileSearchIndex, { pauseMs: 120 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(119);
  });

  it.each([{ userBatchSize: 0 }, { userBatchSize: 5_001 }, { pauseMs: -1 }, { pauseMs: 60_001 }])(
    "refuses %j",
    (payload) => {
      expect(profileSearchIndex.payload.safeParse(payload).success).toBe(false);
    },
  );

  it("survives implausible rows, each of which affects only its own person", async () => {
    const world = await createWorld({ at: TODAY });
    const strange = [
      { latitude: 999, longitude: 0 },
      { latitude: Number.NaN, longitude: 5 },
      { birth_date: "2099-01-01" },
      { birth_date: "0001-01-01" },
      { gender: "x ".repeat(300), intent: "'\\:*&|!" },
      { name: "", bio: "\u0001 ' \\ ".repeat(100), location_text: "' | \\" },
      { gender: "é".repeat(2_000_000), intent: "x".repeat(5_000) },
      { name: "n".repeat(5_000), bio: "word ".repeat(100_000) },
    ];
    for (const fields of strange) await profileOf(world, fields);
    const { interests } = await interestsOf(world, "all");
    expect(interests).toEqual([]);
    await world.query(
      `insert into interests (subject_id, key, label) select (select id from interest_subjects), n, n from generate_series(1, 10000) n`,
    );
    const fan = await profileOf(world, { name: "Fan" });
    await world.query("insert into user_interests (user_id, interest_id) select $1, id from interests", [
      fan,
    ]);
    await indexAll(world);
    expect(await indexed(world)).toHaveLength(strange.length + 1);
    const [bounds] = await world.query(
      "select count(*)::int as n from profile_search_index where latitude > 90 or latitude = 'NaN' or birth_date > now()",
    );
    expect(bounds).toEqual({ n: 0 });
  });

  it("does not replace a row that was written from facts read later", async () => {
    const world = await createWorld({ at: TODAY });
    const id = await profileOf(world, { name: "Old Name" });
    const options = { threshold: 60, now: new Date(TODAY) };
    const range = { from: "0", to: MAX_ID };
    const early = await computeRows(await readSearchFacts(world.db.drizzle, range, options));
    await world.query("update users set name = 'New Name'");
    await world.perform(indexProfile, { userId: id });
    await inTransaction(world.db, (tx) => storeRows(tx, range, early, options));
    expect(await indexed(world)).toEqual([{ id, names: "new name" }]);
  });
});

it("the index has interests, subjects and traits as tags", async () => {
  const world = await createWorld({ at: TODAY });
  const id = await profileOf(world);
  const { subject, interests } = await interestsOf(world, "music", "jazz");
  await likes(world, id, ...interests);
  await world.query("insert into traits (name) values ('openness'), ('calm')");
  await world.query(
    "insert into user_traits (user_id, version, trait_id, value, n) select $1, v.id, t.id, 5, case name when 'calm' then 1 else 5 end from traits t, list_versions v where v.area = 'traits'",
    [id],
  );
  await indexAll(world);
  const [openness] = await world.query<{ id: number }>("select id from traits where name = 'openness'");
  for (const tag of [`i:${interests[0]}`, `s:${subject}`, `r:${openness!.id}`])
    expect(
      await world.query(`select user_id as id from profile_search_index where doc @@ $1::tsquery`, [
        `'${tag}'`,
      ]),
    ).toEqual([{ id }]);
  expect(await world.query("select trait_ids as traits from profile_search_index")).toEqual([
    { traits: [openness!.id] },
  ]);
});
