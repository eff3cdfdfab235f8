import { describe, expect, it } from "vitest";
import { RESULT_VIEWS } from "../../../src/db/results/views.ts";
import { FEED_VERSION } from "../../../src/feeds/stored-feeds.ts";
import { bestPosts, type Feed, type FeedPost, sessionOrder } from "../../../src/scoring/feeds/merge-order.ts";
import { packFeed } from "../../../src/scoring/feeds/pack-feed.ts";
import { block, insertRow } from "../../support/platform.ts";
import { hostProject, pairLists, people } from "../../support/result-rows.ts";
import { createWorld, type World } from "../../support/world.ts";

const shown = (world: World, view: string, where = "true") =>
  world.query<Record<string, unknown>>(
    `select * from ${world.config.resultsSchema}.${view} where ${where} order by 1, 2`,
  );

const candidatesOf = async (world: World, user: string): Promise<unknown[]> =>
  (await shown(world, "match_scores", `user_id = '${user}'`)).map((row) => row["candidate_id"]);

describe("match_scores", () => {
  it("shows the version that is served, with the host's ids", async () => {
    const world = await createWorld();
    const ids = await people(world, 3);
    await world.query("update users set host_id = null where id = $1", [ids[2]]);
    await pairLists(world, ids, "retired", 0.125);
    await pairLists(world, ids, "served", 0.5);
    await pairLists(world, ids, "building", 0.25);
    const rows = await shown(world, "match_scores");
    expect(
      rows.map(({ user_id, candidate_id, score, tier }) => [user_id, candidate_id, score, tier]),
    ).toEqual([
      [ids[2], "u-1", 0.5, "A"],
      [ids[2], "u-2", 0.5, "A"],
      ["u-1", ids[2], 0.5, "A"],
      ["u-1", "u-2", 0.5, "A"],
      ["u-2", ids[2], 0.5, "A"],
      ["u-2", "u-1", 0.5, "A"],
    ]);
  });

  it.each([
    ["hid their profile", "update profiles set visible = false where user_id = $1"],
    ["were banned", "update profiles set banned = true where user_id = $1"],
    ["deleted their profile", "update profiles set deleted_at = now() where user_id = $1"],
    ["were deactivated", "update users set deactivated_at = now() where id = $1"],
    ["were erased", "update users set erased_at = now() where id = $1"],
    ["have no profile any more", "delete from profiles where user_id = $1"],
  ])("leaves out at once candidates who %s", async (_, statement) => {
    const world = await createWorld();
    const ids = await people(world, 3);
    await pairLists(world, ids, "served", 0.5);
    expect(await candidatesOf(world, "u-1")).toEqual(["u-2", "u-3"]);
    await world.query(statement, [ids[1]]);
    expect(await candidatesOf(world, "u-1")).toEqual(["u-3"]);
  });

  it("leaves out candidates on either side of a block, and nothing of deactivated users", async () => {
    const world = await createWorld();
    const ids = await people(world, 4);
    await pairLists(world, ids, "served", 0.5);
    await block(world, ids[0]!, ids[1]!);
    await block(world, ids[2]!, ids[0]!);
    expect(await candidatesOf(world, "u-1")).toEqual(["u-4"]);
    expect(await candidatesOf(world, "u-2")).toEqual(["u-3", "u-4"]);
    await world.query("update users set deactivated_at = now() where id = $1", [ids[3]]);
    expect(await candidatesOf(world, "u-4")).toEqual([]);
  });

  it("says nothing about interests that a candidate hides", async () => {
    const world = await createWorld();
    const ids = await people(world, 2);
    const subject = await insertRow(world, "interest_subjects", { key: "sports", label: "Sports" });
    const interest = await insertRow(world, "interests", {
      subject_id: subject.id,
      key: "chess",
      label: "Chess",
    });
    for (const id of ids) await insertRow(world, "user_interests", { user_id: id, interest_id: interest.id });
    await pairLists(world, ids, "served", 0.5);
    const [open] = await shown(world, "match_scores", "user_id = 'u-1'");
    expect(open).toMatchObject({ components: { interests: 1 }, reasons: { shared_interests: ["Chess"] } });
    await world.query("update profiles set hidden_attributes = '{interests}' where user_id = $1", [ids[1]]);
    const [hidden] = await shown(world, "match_scores", "user_id = 'u-1'");
    expect(hidden?.["components"]).not.toHaveProperty("interests");
    expect(hidden?.["reasons"]).toMatchObject({ shared_interests: [] });
    expect((hidden!["reasons"] as { strongest: string[] }).strongest).not.toContain("interests");
  });

  it("says nothing about traits and places that a candidate hides", async () => {
    const world = await createWorld();
    const ids = await people(world, 2);
    await pairLists(world, ids, "served", 0.5);
    const [open] = await shown(world, "match_scores", "user_id = 'u-1'");
    expect(open).toMatchObject({ components: { traits: 1, proximity: 1 } });
    for (const place of ["location_text", "longitude"]) {
      await world.query("update profiles set hidden_attributes = array['traits', $2] where user_id = $1", [
        ids[1],
        place,
      ]);
      const [hidden] = await shown(world, "match_scores", "user_id = 'u-1'");
      expect(Object.keys(hidden?.["components"] as object).sort()).toEqual([
        "fit",
        "interests",
        "newness",
        "quality",
      ]);
      expect(hidden?.["reasons"]).toMatchObject({ strongest: ["interests"] });
    }
  });
});

it("user_compatibility, searchable_users and user_traits show the stored rows of existing users", async () => {
  const world = await createWorld();
  const [one, two] = await people(world, 2);
  const version = await insertRow(world, "list_versions", {
    area: "compatibility",
    algo_version: 1,
    as_of: world.clock.now(),
    state: "served",
  });
  await world.query(
    `insert into compatibility_lists (version, user_id, target_ids, scores, components, inputs_hash, computed_at)
     values ($1, $2, array[$3::bigint, $2], '{0.75, -1}', decode(repeat('ff', 8), 'hex'), '', now())`,
    [version.id, one, two],
  );
  await world.query("insert into searchable_users values ($1, false, 40, '{hidden}', now())", [two]);
  await world.query(
    "with t as (insert into traits (name) values ('calm') returning id) insert into user_traits (user_id, version, trait_id, value, n) select $1::bigint, v.id, t.id, 0.5, 3 from t, list_versions v where v.area = 'traits'",
    [one],
  );
  expect(await shown(world, "user_compatibility")).toMatchObject([
    { user_id: "u-1", target_id: "u-1", score: null, status: "INSUFFICIENT_DATA", components: null },
    { user_id: "u-1", target_id: "u-2", score: 0.75, status: "READY" },
  ]);
  expect(await shown(world, "searchable_users")).toMatchObject([
    { user_id: "u-2", searchable: false, completeness: 40, reasons: ["hidden"] },
  ]);
  expect(await shown(world, "user_traits")).toEqual([{ user_id: "u-1", trait: "calm", value: 0.5, n: 3 }]);
  await world.query("update profiles set hidden_attributes = '{traits}' where user_id = $1", [one]);
  expect(await shown(world, "user_traits")).toEqual([]);
  await world.query("update profiles set hidden_attributes = '{}'");
  await world.query("update users set deactivated_at = now()");
  for (const view of ["user_compatibility", "searchable_users", "user_traits"])
    expect(await shown(world, view), view).toEqual([]);
});

it("search facts of people disappear as soon as they hide these or themselves", async () => {
  const world = await createWorld();
  const [one] = await people(world, 1);
  const subject = await insertRow(world, "interest_subjects", {
    host_id: "s-1",
    key: "sports",
    label: "Sports",
  });
  const interest = await insertRow(world, "interests", {
    host_id: "i-1",
    subject_id: subject.id,
    key: "chess",
    label: "Chess",
  });
  await world.query("insert into interest_user_set values ($1, $2)", [interest.id, one]);
  await world.query("insert into interest_subject_user_set values ($1, $2)", [subject.id, one]);
  await world.query(
    `insert into profile_search_index (user_id, searchable, names, place, doc, standing, gender, latitude, longitude, interests, indexed_at)
     values ($1, true, 'ada', 'berlin', '', 1, 'female', 52.5, 13.4, 1, now())`,
    [one],
  );
  expect(await shown(world, "interest_user_set")).toEqual([{ interest_id: "i-1", user_id: "u-1" }]);
  expect(await shown(world, "interest_subject_user_set")).toEqual([{ subject_id: "s-1", user_id: "u-1" }]);
  await world.query("update profiles set hidden_attributes = '{gender,interests,location_text}'");
  expect(await shown(world, "profile_search_index")).toMatchObject([
    {
      user_id: "u-1",
      names: "ada",
      place: "",
      gender: null,
      latitude: null,
      longitude: null,
      interest_count: 0,
    },
  ]);
  expect(await shown(world, "interest_user_set")).toEqual([]);
  await world.query("update profiles set hidden_attributes = '{}', visible = false");
  for (const view of ["profile_search_index", "interest_user_set", "interest_subject_user_set"])
    expect(await shown(world, view), view).toEqual([]);
});

it("match lists of projects have the ids of project, volunteer and user, and no volunteer who hides their skills", async () => {
  const world = await createWorld();
  const [one, two] = await people(world, 2);
  const project = await hostProject(world, "p-1", two!);
  const skill = await insertRow(world, "skills", { host_id: "k-1", name: "digging" });
  await world.query("insert into volunteers (user_id, host_id) values ($1, 'v-1'), ($2, null)", [one, two]);
  await world.query(
    `insert into volunteer_initiative_matches
     select $1::bigint, v, 0.5, 0.5, 0.5, 0.25, null, array[$2::bigint], 1, now() from unnest($3::bigint[]) v`,
    [project, skill.id, [one, two]],
  );
  const expected = {
    project_id: "p-1",
    match_score: 0.5,
    jaccard_index: 0.25,
    matched_skill_ids: ["k-1"],
    matched_skill_count: 1,
  };
  for (const view of ["volunteer_initiative_matches", "volunteer_project_matches"])
    expect(await shown(world, view), view).toMatchObject([
      { ...expected, volunteer_id: two, user_id: "u-2" },
      { ...expected, volunteer_id: "v-1", user_id: "u-1" },
    ]);
  await world.query("update volunteers set skills_visible = false where user_id = $1", [one]);
  expect(await shown(world, "volunteer_project_matches")).toMatchObject([{ user_id: "u-2" }]);
});

it("job_recommendations show the stored list of each user", async () => {
  const world = await createWorld();
  const [one] = await people(world, 1);
  const posting = await insertRow(world, "jobs", { title: "Gardener", company: "Acme" });
  await world.query(
    `insert into recommendation_lists (user_id, posting_ids, scores, created_at, components, first_places, floor_score, algo_version, as_of)
     values ($1, array[$2::bigint], '{0.5}', '{86400}', decode(repeat('00', 24), 'hex'), 1, 0, 'v', now())`,
    [one, posting.id],
  );
  expect(await shown(world, "job_recommendations", "user_id = 'u-1'")).toMatchObject([
    { user_id: "u-1", job_id: posting.id, match_score: 0.5, expires_at: new Date("1970-01-05T00:00:00Z") },
  ]);
});

describe("feed_presorted", () => {
  const AS_OF = Date.parse("2026-06-10T12:00:00Z");

  /** A small generator of numbers, so that a failure can be repeated. */
  const numbers = (seed: number) => () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };

  function randomFeed(seed: number): Feed {
    const next = numbers(seed);
    const upTo = (n: number) => Math.floor(next() * (n + 1));
    const posts = Array.from(
      { length: upTo(30) },
      (_, n): FeedPost => ({
        id: 2 ** 40 + n,
        authorId: 1 + upTo(12),
        createdAt: AS_OF - upTo(40) * 3_600_000,
        affinity: next(),
        quality: next(),
        source: "own",
        newer: upTo(2),
      }),
    );
    const ids = (count: number, from: number) => Array.from({ length: count }, (_, n) => from + n);
    return {
      posts: bestPosts(posts, AS_OF),
      suggestions: ids(upTo(12), 1),
      questions: ids(upTo(5), 2 ** 52),
    };
  }

  it("has the order in which a session shows a feed that nothing was seen of, for 200 feeds", async () => {
    const world = await createWorld();
    const feeds = Array.from({ length: 200 }, (_, n) => randomFeed(n + 1));
    const rows = await world.query<{ n: number; order: string[] }>(
      `select f.n::int, array(select o.kind || ' ' || o.id from feed_order(f.items) o order by o.place) as order
       from unnest($1::bytea[]) with ordinality f(items, n) order by 1`,
      [feeds.map((feed) => Buffer.from(packFeed(feed)))],
    );
    expect(rows.map(({ order }) => order)).toEqual(
      feeds.map((feed) => sessionOrder(feed, AS_OF, () => false).map(({ kind, id }) => `${kind} ${id}`)),
    );
  });

  it("leaves out items that the user may not see, and cuts the rest into segments", async () => {
    const world = await createWorld();
    const ids = await people(world, 5);
    const [viewer, author, other, suggested, hidden] = ids as [string, string, string, string, string];
    const posts: string[] = [];
    for (let n = 1; n <= 6; n++)
      posts.push(
        (await insertRow(world, "posts", { host_id: `p-${n}`, author_id: n === 5 ? other : author })).id,
      );
    const option = await insertRow(world, "quiz_options", { question_id: "q-1" });
    const feed: Feed = {
      posts: posts.map((id, n) => ({
        id: Number(id),
        authorId: Number(n === 4 ? other : author),
        createdAt: AS_OF,
        affinity: 1 - n / 10,
        quality: 0,
        source: "own",
        newer: 0,
      })),
      suggestions: [Number(hidden), Number(suggested)],
      questions: [Number(option.id)],
    };
    await world.query(
      `insert into feed_presorted (user_id, items, segment_size, max_segments, computed_at, algo_version, watermark, expires_at, replaced_at)
       select $1::bigint, $2::bytea, 3, 2, now(), $3, now(), now(), r from unnest(array[null, now()]) r`,
      [viewer, Buffer.from(packFeed(feed)), FEED_VERSION],
    );
    const items = async () =>
      (
        await world.query<Record<string, unknown>>(
          `select * from ${world.config.resultsSchema}.feed_presorted where user_id = 'u-1' order by position`,
        )
      ).map(({ segment, position, kind, item_id }) => [segment, position, kind, item_id]);
    const post = (segment: number, position: number, n: number) => [segment, position, "post", `p-${n}`];
    expect(await items()).toEqual([
      post(1, 1, 1),
      post(1, 2, 2),
      post(1, 3, 3),
      post(2, 4, 4),
      [2, 5, "suggestion", "u-5"],
      post(2, 6, 5),
    ]);
    await world.query("update posts set hidden_at = now() where host_id = 'p-1'");
    await world.query("update posts set deleted_at = now() where host_id = 'p-2'");
    await world.query("update posts set visibility = 'private' where host_id = 'p-3'");
    await block(world, other, viewer);
    await world.query("update profiles set visible = false where user_id = $1", [hidden]);
    expect(await items()).toEqual([
      post(1, 1, 4),
      post(1, 2, 6),
      [1, 3, "suggestion", "u-4"],
      [2, 4, "question", "q-1"],
    ]);
    await insertRow(world, "profile_access", { owner_id: author, viewer_id: viewer, status: "granted" });
    await insertRow(world, "quiz_answers", {
      user_id: viewer,
      quiz_id: "z",
      question_id: "q-1",
      option_id: option.id,
    });
    expect(await items()).toEqual([post(1, 1, 3), post(1, 2, 4), post(1, 3, 6), [2, 4, "suggestion", "u-4"]]);
    await world.query("update profiles set banned = true where user_id = $1", [author]);
    expect(await items()).toEqual([[1, 1, "suggestion", "u-4"]]);
  });

  it("is read in the version of the layout that feeds are stored in", () => {
    const { select } = RESULT_VIEWS.find(({ name }) => name === "feed_presorted")!;
    expect(select).toContain(`f.algo_version = '${FEED_VERSION}'`);
  });
});

describe("a look-up in a view of results", () => {
  type Plan = Record<string, unknown> & { readonly Plans?: readonly Plan[] };

  const scansOf = (plan: Plan): Plan[] => [
    ...(plan["Relation Name"] === undefined ? [] : [plan]),
    ...(plan.Plans ?? []).flatMap(scansOf),
  ];

  /** 3,000 rows of each table that rows are looked up by, so that a scan of one is expensive. */
  async function manySubjects(world: World): Promise<void> {
    const ids = await people(world, 3_000);
    const organization = await insertRow(world, "organizations", { name: "Helpers" });
    for (const statement of [
      "insert into projects (organization_id, name, created_by) select $2::bigint, 'Garden', u from unnest($1::bigint[]) u",
      "insert into volunteers (user_id) select u from unnest($1::bigint[]) u where $2::bigint > 0",
      "insert into volunteer_profiles (user_id, organization_id, referral_code) select u, $2::bigint, lpad(upper(to_hex(u)), 8, '0') from unnest($1::bigint[]) u",
      "insert into posts (author_id) select u from unnest($1::bigint[]) u where $2::bigint > 0",
      "insert into media (owner_id, kind) select u, 'IMAGE' from unnest($1::bigint[]) u where $2::bigint > 0",
      "insert into meetings (title, start_time, end_time) select 'Talk', now(), now() from unnest($1::bigint[]) u where $2::bigint > 0",
      "insert into interest_subjects (key, label) select u, 'Sports' from unnest($1::bigint[]) u where $2::bigint > 0",
    ])
      await world.query(statement, [ids, organization.id]);
    await world.query(
      "insert into interests (subject_id, key, label) select id, 'k', 'Chess' from interest_subjects",
    );
    // Tables that were never analyzed are taken for ten pages.
    await world.query(
      "analyze users, profiles, projects, volunteers, volunteer_profiles, ledger_accounts, posts, media, meetings, interest_subjects, interests",
    );
  }

  it("can find the rows of every view through indexes alone, by each column that is documented", async () => {
    const world = await createWorld();
    await manySubjects(world);
    const client = await world.db.pool.connect();
    await client.query(
      "begin; set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off",
    );
    const whole: string[] = [];
    for (const { name, lookups } of RESULT_VIEWS)
      for (const column of lookups) {
        const { rows } = await client.query(
          `explain (format json) select * from ${world.config.resultsSchema}.${name} where ${column} = '7'`,
        );
        for (const scan of scansOf(rows[0]["QUERY PLAN"][0].Plan))
          if (scan["Node Type"] !== "Bitmap Heap Scan" && scan["Index Cond"] === undefined)
            whole.push(`${name} by ${column}: ${scan["Node Type"]} on ${scan["Relation Name"]}`);
      }
    await client.query("rollback");
    client.release();
    expect(whole).toEqual([]);
  });

  it("by one user reads the pages of that user alone, among 3,000", async () => {
    const world = await createWorld();
    const ids = await people(world, 3_000);
    const { id } = await insertRow(world, "list_versions", {
      area: "pairs",
      algo_version: 1,
      as_of: world.clock.now(),
      state: "served",
    });
    await world.query(
      "insert into pair_people (version, position, user_id) select $1, n - 1, u from unnest($2::bigint[]) with ordinality p(u, n)",
      [id, ids],
    );
    await world.query(
      `insert into pair_lists (version, user_id, tier, positions, scores, components, scored_at)
       select $1, p.user_id, 'A', array(select (p.position + k) % 3000 from generate_series(1, 20) k), array_fill(0.5::real, array[20]),
              decode(repeat('ff', 120), 'hex'), now() from pair_people p`,
      [id],
    );
    await world.query("insert into searchable_users select id, true, 90, '{}', now() from users");
    await world.query(
      "analyze users, profiles, pair_people, pair_lists, searchable_users, list_versions, user_blocks",
    );
    const blocks = async (view: string) => {
      const [row] = await world.query<{ "QUERY PLAN": [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) select count(*) from ${world.config.resultsSchema}.${view} where user_id = 'u-77'`,
      );
      const plan = row!["QUERY PLAN"][0].Plan;
      return plan["Shared Hit Blocks"]! + plan["Shared Read Blocks"]!;
    };
    const [size] = await world.query<{ pages: number }>(
      "select (pg_relation_size('pair_lists') / 8192)::int as pages",
    );
    expect(size!.pages).toBeGreaterThan(100);
    await blocks("match_scores");
    // Twenty candidates, each with a profile, a user and two looks for blocks.
    expect(await blocks("match_scores")).toBeLessThan(20 * 25);
    expect(await blocks("searchable_users")).toBeLessThan(10);
  });
});
