import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { findPeople, suggestPeople } from "../../src/people/find-people.ts";
import { seededRandom } from "../../src/random.ts";
import { ageOn } from "../../src/scoring/people/age.ts";
import { otherNames } from "../../src/scoring/people/search/nicknames.ts";
import { parseSearch } from "../../src/scoring/people/search/parse-search.ts";
import {
  type SearchFilter,
  searchQuery,
  termsQueries,
} from "../../src/scoring/people/search/search-query.ts";
import { CANDIDATES } from "../../src/scoring/people/search/standing.ts";
import { distanceKm } from "../../src/scoring/project-matching/match.ts";
import { indexAll, LONG_BIO, profileOf, TODAY } from "../support/search-people.ts";
import { createWorld, type World } from "../support/world.ts";

const today = new Date(TODAY);

const search = (world: World, viewerId: string, q: string, filter: SearchFilter = {}) =>
  findPeople(world.db.drizzle, { viewerId, terms: parseSearch(q), filter, today });

const found = async (world: World, viewerId: string, q: string, filter?: SearchFilter): Promise<string[]> =>
  (await search(world, viewerId, q, filter)).ranked.map(({ userId }) => userId);

/** Many profiles in few statements; `name` is SQL over `n`. */
async function crowd(world: World, count: number, name: string): Promise<void> {
  await world.query(`insert into users (name) select ${name} from generate_series(1, ${count}) n`);
  await world.query(
    `insert into profiles (user_id, bio, birth_date, location_text, avatar_media_id)
     select id, $1, '1990-01-01', 'London', 1 from users u where u.id > 0 and not exists (select 1 from profiles p where p.user_id = u.id)`,
    [LONG_BIO],
  );
}

const FIRST = "robert william elizabeth katherine alexander margaret christopher dorothy".split(" ");
const LAST = "andersson kowalczyk hernandez oconnor schneider dubois rossi nakamura petrov johansson".split(
  " ",
);

/** A query for a name that is written otherwise, of each kind. */
const spoilt: Record<
  string,
  (first: string, last: string, pick: (items: readonly string[]) => string) => string
> = {
  nickname: (first, last, pick) => `${pick(otherNames(first))} ${last}`,
  "typo in the middle": (first, last) => `${first} ${last.slice(0, 3)}${last.slice(4)}`,
  "typo in the first letter": (first, last) => `${first} x${last.slice(1)}`,
  "letters swapped": (first, last) => `${first.slice(0, 2)}${first[3]}${first[2]}${first.slice(4)} ${last}`,
  accents: (first, last) => `${first.replace("e", "é")} ${last.replace("o", "Ö")}`.toUpperCase(),
};

describe("quality: a full name", () => {
  it("is among the first ten, in any spelling", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const random = seededRandom(5);
    await crowd(
      world,
      FIRST.length * LAST.length,
      `initcap((array['${FIRST.join("','")}'])[1 + (n - 1) % ${FIRST.length}]) || ' ' ||
       initcap((array['${LAST.join("','")}'])[1 + (n - 1) / ${FIRST.length}])`,
    );
    await indexAll(world);
    const ids = new Map(
      (await world.query<{ id: string; name: string }>("select id, lower(name) as name from users")).map(
        (row) => [row.name, row.id],
      ),
    );
    for (const [kind, write] of Object.entries(spoilt)) {
      let hits = 0;
      for (let n = 0; n < 20; n++) {
        const [first, last] = [random.pick(FIRST), random.pick(LAST)];
        const query = write(first, last, (items) => random.pick(items));
        if ((await found(world, viewer, query)).slice(0, 10).includes(ids.get(`${first} ${last}`) as string))
          hits += 1;
      }
      expect(hits, kind).toBe(20);
    }
  });

  it("is found by a short form that is in no table", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const zebulina = await profileOf(world, { name: "Zebulina Wright" });
    await indexAll(world);
    const result = await search(world, viewer, "Zebby Wright");
    expect(result).toMatchObject({ ranked: [{ userId: zebulina }] });
    expect(result.ranked[0]?.matches[0]).toEqual({ field: "name", how: "short" });
  });

  it("is found by a nickname that is in no table, among many others of both names", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const wanted = await profileOf(world, { name: "Hortensia Wright" });
    // Whom "Tensie" is a typo of leave no place for those of the last name, and these are many.
    await crowd(
      world,
      1_300,
      "case when n <= 1100 then 'Tensi Other' || n else (array['Bob', 'Adam', 'Kim', 'Omar'])[1 + n % 4] || ' Wright' end",
    );
    await indexAll(world);
    const result = await search(world, viewer, "Tensie Wright");
    expect(result.ranked.slice(0, 10).map(({ userId }) => userId)).toContain(wanted);
  });

  it("that sounds alike is found as a last resort, and ranks behind similar spellings", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const geoff = await profileOf(world, { name: "Geoffrey Wright" });
    await indexAll(world);
    const result = await search(world, viewer, "Jefry Reit");
    expect(result).toMatchObject({ tolerance: "some", ranked: [{ userId: geoff }] });
    expect(result.ranked[0]?.matches).toEqual([
      { field: "name", how: "sound" },
      { field: "name", how: "sound" },
    ]);
  });
});

describe("words", () => {
  it("are found in names, places, top-five lists and bios, whose words are compared by their stems", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const person = await profileOf(world, {
      name: "Zoë O'Brien",
      location_text: "Köln",
      bio: `${LONG_BIO} Gardening.`,
    });
    await world.query(
      "insert into top5_items (user_id, list, position, text) values ($1, 'films', 1, 'Matrix Reloaded')",
      [person],
    );
    await indexAll(world);
    for (const q of [
      "zoe",
      "OBRIEN",
      "koln",
      "matrix",
      "gardens",
      '"zoe obrien"',
      "zoe -berlin",
      "zoe matrix koln",
    ])
      expect(await found(world, viewer, q), q).toEqual([person]);
    for (const q of ["zoe -matrix", '"obrien zoe"', "the", "and of the", "berlin", "zoe berlin paris"])
      expect(await found(world, viewer, q), q).toEqual([]);
    // Nobody has both words.
    expect(await search(world, viewer, "zoe berlin")).toMatchObject({
      tolerance: "some",
      ranked: [{ userId: person, matches: [{ field: "name", how: "exact" }, null] }],
    });
  });

  it("mean nothing else, whatever characters are among them", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    await profileOf(world, { name: "Someone Else" });
    await indexAll(world);
    for (const q of [
      "a' | ''",
      "a:*",
      "\\ x",
      "b:0",
      "'; drop table users",
      "!!a&&b||c",
      "x<->y",
      "%x_%",
      "d:ada",
      "🙂 ok",
    ])
      expect(await found(world, viewer, q), q).toEqual([]);
  });
});

describe("filters", () => {
  it("by age and radius hold for exactly those people for whom the formulas do", async () => {
    const world = await createWorld({ at: TODAY });
    const random = seededRandom(2);
    const viewer = await profileOf(world, { name: "Viewer" });
    const center = { latitude: 0.02, longitude: 179.9 };
    await crowd(world, 120, "'Person ' || n");
    await world.query(
      `update profiles set birth_date = date '1990-01-01' + (user_id * 97 % 6000)::int,
         latitude = (user_id * 13 % 200 - 100) / 100.0, longitude = case when user_id % 2 = 0 then 180 - (user_id % 150) / 100.0 else -180 + (user_id % 150) / 100.0 end
       where user_id <> $1`,
      [viewer],
    );
    await indexAll(world);
    const people = await world.query<{ id: string; birth: string; latitude: number; longitude: number }>(
      "select user_id as id, birth_date::text as birth, grid_latitude as latitude, grid_longitude as longitude from profiles where user_id <> $1",
      [viewer],
    );
    const sorted = (ids: string[]) => ids.sort((a, b) => Number(a) - Number(b));
    for (let n = 0; n < 12; n++) {
      const ageMin = random.between(18, 34);
      const ageMax = ageMin + random.between(0, 4);
      const aged = people.filter(
        ({ birth }) => ageOn(birth, today) >= ageMin && ageOn(birth, today) <= ageMax,
      );
      expect(sorted(await found(world, viewer, "", { ageMin, ageMax }))).toEqual(
        sorted(aged.map(({ id }) => id)),
      );
    }
    for (const radiusKm of [5, 10, 25, 50, 100, 250]) {
      const near = people.filter((person) => distanceKm(center, person) <= radiusKm);
      expect(sorted(await found(world, viewer, "", { near: { center, radiusKm } }))).toEqual(
        sorted(near.map(({ id }) => id)),
      );
    }
  });
});

describe("regression 12: birthdays", () => {
  it("change who is found without the index being built again", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const person = await profileOf(world, { name: "Birthday Child", birth_date: "1996-06-03" });
    await indexAll(world);
    const aged = async (ageMin: number, day: string) =>
      (
        await findPeople(world.db.drizzle, {
          viewerId: viewer,
          terms: parseSearch("birthday"),
          filter: { ageMin },
          today: new Date(day),
        })
      ).ranked.map(({ userId }) => userId);
    expect(await aged(30, "2026-06-02T23:59:59Z")).toEqual([]);
    expect(await aged(30, "2026-06-03T00:00:00Z")).toEqual([person]);
  });
});

describe("very common words", () => {
  it("find the first people of the static order, and say that there are more", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    await crowd(world, CANDIDATES + 200, "'Common Name'");
    await indexAll(world);
    const result = await search(world, viewer, "common");
    expect(result.isCapped).toBe(true);
    expect(result.ranked).toHaveLength(CANDIDATES);
    const first = await world.query<{ id: string }>(
      "select user_id as id from profile_search_index where user_id <> $1 order by standing, user_id limit $2",
      [viewer, CANDIDATES],
    );
    expect(new Set(result.ranked.map(({ userId }) => userId))).toEqual(new Set(first.map(({ id }) => id)));
    expect((await search(world, viewer, "common")).ranked).toEqual(result.ranked);
  });

  it("are looked up in the index together with the band, and rare ones too", async () => {
    const world = await createWorld({ at: TODAY });
    await crowd(world, 3_000, "'Common Name' || n");
    await indexAll(world);
    await world.query("vacuum analyze profile_search_index");
    const planOf = async (q: string, band: number, isSmall: boolean) => {
      const query = searchQuery(termsQueries(parseSearch(q), new Map([["common", "common"]]), "exact"), band);
      return inTransaction(world.db, async (tx) => {
        // The table is small enough to be read whole for a band; a large one is not.
        if (isSmall) await tx.execute(sql`set local enable_seqscan = off`);
        const plan = await tx.execute<{ "QUERY PLAN": string }>(
          sql`explain select i.user_id from profile_search_index i
              where i.searchable and i.doc @@ ${query}::tsquery order by i.standing, i.user_id limit 1000`,
        );
        return plan.rows.map((line) => line["QUERY PLAN"]).join("\n");
      });
    };
    expect(await planOf("common", 0, true)).toContain("profile_search_index_doc");
    expect(await planOf("name77", 8, false)).toContain("profile_search_index_doc");
  });
});

describe("suggestPeople", () => {
  it("finds names by their beginnings, whole words first", async () => {
    const world = await createWorld({ at: TODAY });
    const viewer = await profileOf(world, { name: "Viewer" });
    const [annabel, ann, bob] = [
      await profileOf(world, { name: "Annabel Lee" }),
      await profileOf(world, { name: "Ann Smith" }),
      await profileOf(world, { name: "Robert Smithers" }),
    ];
    await indexAll(world);
    const suggested = async (...words: string[]) =>
      (await suggestPeople(world.db.drizzle, { viewerId: viewer, words, today })).map(({ userId }) => userId);
    expect(await suggested("ann")).toEqual([ann, annabel]);
    expect(await suggested("annab")).toEqual([annabel]);
    expect(await suggested("bob", "smi")).toEqual([bob]);
    expect(await suggested("lo")).toEqual([]);
  });
});
