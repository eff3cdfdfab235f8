import type { Response } from "express";
import { describe, expect, it } from "vitest";
import { MAX_WAITING, searchLimits } from "../../../src/http/api/search-limits.ts";
import { gate } from "../../support/gate.ts";
import { block } from "../../support/platform.ts";
import {
  indexAll,
  interestsOf,
  LONG_BIO,
  likes,
  namesOf,
  profileOf,
  searchApi,
} from "../../support/search-people.ts";

const search = (query: Record<string, string>) => `/search/profiles?${new URLSearchParams(query)}`;

describe("GET /search/profiles", () => {
  it("finds people with their shown facts, and explains the order", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer", latitude: 51.5, longitude: 0 });
    await profileOf(world, {
      name: "Robert Smith",
      host_id: "host-8",
      gender: "male",
      intent: "friends",
      bio: `${LONG_BIO} Loves gardening.`,
      latitude: 51.52,
      longitude: 0.1,
    });
    await profileOf(world, { name: "Roberta Smithson" });
    await indexAll(world);
    const { status, headers, body } = await get(
      search({ q: "bob garden", near: "me", radius_km: "50" }),
      viewer,
    );
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({
      people: [
        {
          user_id: "host-8",
          name: "Robert Smith",
          age: 35,
          gender: "male",
          intent: "friends",
          location: "London",
          distance: "5 to 10 km away",
          name_html: "Robert Smith",
          bio_html: expect.stringContaining("Loves <mark>gardening</mark>."),
          matches: [
            { words: "bob", field: "name", how: "nickname" },
            { words: "garden", field: "bio", how: "exact" },
          ],
        },
      ],
      total: 1,
      total_is_capped: false,
      all_words: true,
      page: 1,
      page_size: 20,
      total_pages: 1,
    });
  });

  it("escapes markup in names and bios", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    await profileOf(world, {
      name: 'Eve <b onclick="x">',
      bio: `<script>alert('evil')</script> ${LONG_BIO}`,
    });
    await indexAll(world);
    const { body } = await get(search({ q: "eve script" }), viewer);
    expect(body.people[0]).toMatchObject({
      name_html: "<mark>Eve</mark> &lt;b onclick=&quot;x&quot;&gt;",
      bio_html: expect.stringMatching(
        /^&lt;<mark>script<\/mark>&gt;alert\(&#39;evil&#39;\)&lt;\/<mark>script<\/mark>&gt; Likes/,
      ),
    });
  });

  it.each(["profiles.visible", "profiles.banned", "profiles.deleted_at", "users.deactivated_at"])(
    "regression 9: leaves out somebody from the moment on that %s is set, before any job runs",
    async (column) => {
      const { world, get } = await searchApi();
      const viewer = await profileOf(world, { name: "Viewer" });
      const person = await profileOf(world, { name: "Vanishing Vera" });
      await indexAll(world);
      const both = async () => [
        namesOf((await get(search({ q: "vera" }), viewer)).body),
        namesOf((await get("/search/suggest?q=ver", viewer)).body),
      ];
      expect(await both()).toEqual([["Vanishing Vera"], ["Vanishing Vera"]]);
      const [table, name] = column.split(".") as [string, string];
      const value = name === "visible" ? "false" : name === "banned" ? "true" : "now()";
      await world.query(
        `update ${table} set ${name} = ${value} where ${table === "users" ? "id" : "user_id"} = $1`,
        [person],
      );
      expect(await both()).toEqual([[], []]);
    },
  );

  it("leaves out somebody after a block, in either direction, for these two alone", async () => {
    const { world, get } = await searchApi();
    const [ada, bo, cy] = [
      await profileOf(world, { name: "Ada Block" }),
      await profileOf(world, { name: "Bo Block" }),
      await profileOf(world, { name: "Cy Block" }),
    ];
    await indexAll(world);
    await block(world, ada, bo);
    const seen = async (viewer: string) => namesOf((await get(search({ q: "block" }), viewer)).body).sort();
    expect(await seen(ada)).toEqual(["Cy Block"]);
    expect(await seen(bo)).toEqual(["Cy Block"]);
    expect(await seen(cy)).toEqual(["Ada Block", "Bo Block"]);
  });

  it("neither filters by, counts, highlights nor shows hidden facts, before any job runs", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    const people: string[] = [];
    for (let n = 0; n < 5; n++)
      people.push(
        await profileOf(world, { name: `Hidden ${n}`, gender: "female", bio: `${LONG_BIO} Gardening.` }),
      );
    await indexAll(world);
    const facets = async () => (await get(search({ q: "hidden", facets: "true" }), viewer)).body.facets;
    expect(await facets()).toMatchObject({ gender: [{ value: "female", count: 5 }] });
    await world.query(
      "update profiles set hidden_attributes = '{gender,bio,birth_date}' where user_id = $1",
      [people[0]],
    );
    expect(namesOf((await get(search({ gender: "female" }), viewer)).body)).not.toContain("Hidden 0");
    expect(namesOf((await get(search({ age_min: "18" }), viewer)).body)).not.toContain("Hidden 0");
    expect(namesOf((await get(search({ q: "gardening" }), viewer)).body)).not.toContain("Hidden 0");
    // Four are left, which are too few to be counted.
    expect(await facets()).toMatchObject({ gender: [], age: [] });
    const { body } = await get(search({ q: '"hidden 0"' }), viewer);
    expect(body.people).toMatchObject([{ gender: null, age: null, bio_html: null, location: "London" }]);
  });

  it("filters by interests (all), subjects (any), traits, gender and intent", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    const music = await interestsOf(world, "music", "jazz", "rock");
    const sports = await interestsOf(world, "sports", "chess");
    await world.query("update interests set host_id = key");
    const both = await profileOf(world, { name: "Both", gender: "female", intent: "friends" });
    const jazz = await profileOf(world, { name: "Jazz", gender: "male" });
    const chess = await profileOf(world, { name: "Chess" });
    await likes(world, both, ...music.interests);
    await likes(world, jazz, music.interests[0] as string);
    await likes(world, chess, ...sports.interests);
    await world.query("insert into traits (name) values ('openness')");
    await world.query(
      "insert into user_traits (user_id, version, trait_id, value, n) select $1, v.id, t.id, 8, 5 from traits t, list_versions v where v.area = 'traits'",
      [chess],
    );
    await indexAll(world);
    const named = async (query: Record<string, string>) =>
      namesOf((await get(search(query), viewer)).body).sort();
    expect(await named({ interests: "jazz" })).toEqual(["Both", "Jazz"]);
    expect(await named({ interests: "jazz,rock" })).toEqual(["Both"]);
    expect(await named({ subjects: `${music.subject},${sports.subject}` })).toEqual([
      "Both",
      "Chess",
      "Jazz",
    ]);
    expect(await named({ traits: "openness" })).toEqual(["Chess"]);
    expect(await named({ gender: "female", intent: "friends" })).toEqual(["Both"]);
    expect(await named({ gender: "male", q: "jazz" })).toEqual(["Jazz"]);
  });

  it("compares genders and intents without case and outer spaces, as the pair scores do", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer", gender: null });
    await profileOf(world, { name: "Wanda", gender: " Woman", intent: "LONG_TERM" });
    await indexAll(world);
    for (const query of [{ gender: "woman" }, { gender: "WOMAN " }, { intent: "long_term" }])
      expect(namesOf((await get(search(query as Record<string, string>), viewer)).body)).toEqual(["Wanda"]);
    expect(namesOf((await get(search({ gender: "wom" }), viewer)).body)).toEqual([]);
  });

  it("searches around a place that at least five people name, and reveals only its surroundings", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer", location_text: "Elsewhere" });
    for (let n = 0; n < 5; n++) {
      const near = { location_text: "Köln, Germany", latitude: 50.94 + n / 100, longitude: 6.96 };
      await profileOf(world, { name: `Near ${n}`, ...near });
    }
    await profileOf(world, { name: "Far", location_text: "Bonn", latitude: 50.73, longitude: 7.1 });
    await indexAll(world);
    const { body } = await get(search({ near: "koln", radius_km: "10" }), viewer);
    expect(namesOf(body).sort()).toEqual(["Near 0", "Near 1", "Near 2", "Near 3", "Near 4"]);
    expect(body.people.map(({ distance }) => distance)).toEqual(Array(5).fill(expect.stringMatching(/km/)));
    expect((await get(search({ near: "koln", radius_km: "50" }), viewer)).body.total).toBe(6);
    expect(await get(search({ near: "bonn" }), viewer)).toMatchObject({
      status: 422,
      body: { error: { faults: [{ field: "near", fault: "is not a place that several people name" }] } },
    });
    expect(await get(search({ near: "me" }), viewer)).toMatchObject({
      status: 422,
      body: { error: { faults: [{ field: "near", fault: "your profile has no location" }] } },
    });
  });

  it("regression 11: pages contain everybody once, in one order", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    for (let n = 0; n < 23; n++) await profileOf(world, { name: `Same Name`, host_id: `h${n}` });
    await indexAll(world);
    const seen: string[] = [];
    for (let page = 1; page <= 5; page++) {
      const { body } = await get(search({ q: "same", page: String(page), page_size: "5" }), viewer);
      expect(body).toMatchObject({ total: 23, total_pages: 5, page });
      seen.push(...body.people.map(({ user_id: id }) => id));
    }
    expect(seen).toHaveLength(23);
    expect(new Set(seen).size).toBe(23);
    expect((await get(search({ q: "same", page: "1000" }), viewer)).body.people).toEqual([]);
  });

  it("rejects invalid searches, and answers unusual ones", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    await profileOf(world, { name: "Anna Smith" });
    await indexAll(world);
    for (const wrong of [
      { q: "x".repeat(10_000) },
      { q: "a\0b" },
      { q: "%" },
      { q: "a" },
      { q: "-anna" },
      { q: "anna", page: "100000" },
      { q: "anna", page_size: "51" },
      { age_min: "40", age_max: "30" },
      { age_min: "-1" },
      { near: "london", radius_km: "7" },
      { radius_km: "5" },
      { interests: "nothing" },
      { subjects: "," },
      { traits: "kindness" },
      { facets: "yes" },
      { gender: "" },
    ]) {
      const { status, body } = await get(search(wrong as unknown as Record<string, string>), viewer);
      expect([wrong, status, body.error?.code]).toEqual([wrong, 422, "bad-query"]);
    }
    for (const [q, names] of [
      ["the of and", []],
      ["ANNA", ["Anna Smith"]],
      ["anna ' & | ! : * ( ) <->", ["Anna Smith"]],
      [`anna ${"z ".repeat(60)}`, []],
      ["anna nobody", ["Anna Smith"]],
    ] as const) {
      const { status, body } = await get(search({ q }), viewer);
      expect([q, status, namesOf(body)]).toEqual([q, 200, names]);
    }
  });

  it("allows 60 searches a minute", async () => {
    const { world, get } = await searchApi();
    const [viewer, other] = [
      await profileOf(world, { name: "Viewer" }),
      await profileOf(world, { name: "Other" }),
    ];
    const statuses: number[] = [];
    for (let n = 0; n < 61; n++)
      statuses.push(
        (await get(n % 2 === 0 ? "/search/profiles?q=nobody" : "/search/suggest?q=nobody", viewer)).status,
      );
    expect(statuses.slice(0, 60)).toEqual(Array(60).fill(200));
    expect(statuses[60]).toBe(429);
    expect((await get(search({ q: "nobody" }), other)).status).toBe(200);
  });

  it("shows 500 profiles a day", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    for (let n = 0; n < 50; n++) await profileOf(world, { name: "Same Name" });
    await indexAll(world);
    const query = search({ q: "same", page_size: "50" });
    for (let n = 0; n < 10; n++) expect((await get(query, viewer)).body.people).toHaveLength(50);
    const refused = await get(query, viewer);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "too-many-requests" } } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_600);
    expect((await get(search({ q: "nobody" }), viewer)).status).toBe(200);
  });

  it("runs four searches of a process at once, and passes on errors", async () => {
    const { world } = await searchApi();
    const limits = searchLimits(world);
    const atOnce = <T>(search: () => Promise<T>) => limits.atOnce({ closed: false } as Response, search);
    let [running, most] = [0, 0];
    const ended = gate();
    const all = Array.from({ length: 10 }, (_, n) =>
      atOnce(async () => {
        running += 1;
        most = Math.max(most, running);
        await ended.passed;
        running -= 1;
        return n;
      }),
    );
    expect(running).toBe(4);
    ended.open();
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(4);
    await expect(atOnce(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  });

  it("answers 503 when a hundred searches wait, and skips those whose client has disconnected", async () => {
    const { world } = await searchApi();
    const { atOnce } = searchLimits(world);
    const ended = gate();
    const gone = { closed: false };
    const runs: number[] = [];
    const all = Array.from({ length: 4 + MAX_WAITING }, (_, n) =>
      atOnce((n === 50 ? gone : { closed: false }) as Response, async () => {
        runs.push(n);
        await ended.passed;
        return n;
      }),
    );
    const sent: unknown[] = [];
    const res = {
      locals: {},
      set: (...header: unknown[]) => sent.push(header),
      status(code: number) {
        sent.push(code);
        return res;
      },
      json: (body: unknown) => sent.push(body),
    };
    expect(await atOnce(res as unknown as Response, async () => runs.push(-1))).toBe(null);
    expect(sent).toEqual([
      ["Retry-After", "2"],
      503,
      { error: { code: "unavailable", message: expect.stringContaining("Too many concurrent searches") } },
    ]);
    gone.closed = true;
    ended.open();
    const results = await Promise.all(all);
    expect(results[50]).toBe(null);
    expect(runs).toEqual(results.flatMap((n) => n ?? []));
    expect(runs).toHaveLength(3 + MAX_WAITING);
  });

  it("needs a token", async () => {
    const { get } = await searchApi();
    expect((await get(search({ q: "anna" }), "99999")).status).toBe(401);
  });
});

describe("GET /search/suggest", () => {
  it("finds people by the beginnings of their names", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { name: "Viewer" });
    await profileOf(world, { name: "Élodie Martin", host_id: "e" });
    await profileOf(world, { name: "Martina Elba", host_id: "m" });
    await indexAll(world);
    expect((await get("/search/suggest?q=EL", viewer)).body).toEqual({
      people: expect.arrayContaining([
        { user_id: "e", name: "Élodie Martin", location: "London" },
        { user_id: "m", name: "Martina Elba", location: "London" },
      ]),
    });
    expect(namesOf((await get("/search/suggest?q=elodie+ma&limit=1", viewer)).body)).toEqual([
      "Élodie Martin",
    ]);
    expect((await get("/search/suggest?q=e", viewer)).status).toBe(422);
    expect((await get("/search/suggest?q=elodie+m", viewer)).status).toBe(422);
    expect((await get("/search/suggest", viewer)).status).toBe(422);
  });
});

describe("GET /users/me/searchable", () => {
  it("says at once that somebody who hides is not found, before any job runs", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world);
    await indexAll(world);
    expect((await get("/users/me/searchable", viewer)).body).toMatchObject({ searchable: true, reasons: [] });
    await world.query("update profiles set visible = false where user_id = $1", [viewer]);
    expect((await get("/users/me/searchable", viewer)).body).toMatchObject({
      searchable: false,
      reasons: ["hidden"],
    });
    await indexAll(world);
    expect((await get("/users/me/searchable", viewer)).body).toMatchObject({
      searchable: false,
      reasons: ["hidden"],
    });
  });

  it("says whether the user is found, and if not, why", async () => {
    const { world, get } = await searchApi();
    const viewer = await profileOf(world, { bio: "Short.", avatar_media_id: null });
    expect((await get("/users/me/searchable", viewer)).status).toBe(404);
    await indexAll(world);
    expect((await get("/users/me/searchable", viewer)).body).toEqual({
      searchable: false,
      completeness: 30,
      reasons: ["no photo", "short bio", "few interests"],
      threshold: 60,
    });
  });
});
