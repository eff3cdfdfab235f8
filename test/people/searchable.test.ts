import { describe, expect, it } from "vitest";
import { MAX_ID } from "../../src/db/id-ranges.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { readSearchable, updateSearchable } from "../../src/people/searchable.ts";
import { seededRandom } from "../../src/random.ts";
import { judgeSearchable } from "../../src/scoring/people/completeness.ts";
import { interestsOf, likes, profileOf, TODAY } from "../support/search-people.ts";
import { createWorld } from "../support/world.ts";

const EVERYBODY = { from: "0", to: MAX_ID };
const now = new Date(TODAY);

describe("updateSearchable", () => {
  it("decides like judgeSearchable, for random and implausible profiles", async () => {
    const world = await createWorld({ at: TODAY });
    const { interests } = await interestsOf(world, "music", "jazz", "rock", "folk", "soul");
    const random = seededRandom(11);
    const expected = new Map<string, unknown>();
    for (let n = 0; n < 60; n++) {
      const bioLength = random.pick([0, 79, 80, 200]);
      const birthDate = random.pick([
        null,
        "1990-01-01",
        "2099-01-01",
        "0001-01-01",
        "2026-06-02",
        "2026-06-03",
      ]);
      const count = random.between(0, 4);
      const [latitude, longitude] = random.pick([
        [null, null],
        [51.5, 0],
        [999, 0],
        [Number.NaN, 0],
      ]);
      const locationText = random.pick([null, "", "London"]);
      const flags = { visible: random.next() < 0.8, banned: random.next() < 0.2 };
      const deletedAt = random.next() < 0.2 ? TODAY : null;
      const photo = random.pick([null, 1]);
      const id = await profileOf(world, {
        bio: ` ${"x".repeat(bioLength)}\n`,
        birth_date: birthDate,
        location_text: locationText,
        latitude,
        longitude,
        avatar_media_id: photo,
        deleted_at: deletedAt,
        ...flags,
      });
      await likes(world, id, ...interests.slice(0, count));
      const { searchable, completeness, reasons } = judgeSearchable(
        {
          hasPhoto: photo !== null,
          bioLength,
          hasLocation: locationText === "London" || latitude === 51.5,
          interests: count,
          hasBirthDate: birthDate === "1990-01-01" || birthDate === "2026-06-02",
          isDeleted: deletedAt !== null,
          isBanned: flags.banned,
          isVisible: flags.visible,
        },
        60,
      );
      expected.set(id, { searchable, completeness, reasons });
    }
    await inTransaction(world.db, (tx) => updateSearchable(tx, EVERYBODY, { threshold: 60, now }));
    for (const [id, decision] of expected)
      expect(await readSearchable(world.db.drizzle, id), id).toEqual(decision);
  });

  it("writes nothing the second time, and drops rows without a profile", async () => {
    const world = await createWorld({ at: TODAY });
    const [first, second] = [await profileOf(world), await profileOf(world, { bio: "" })];
    const update = () =>
      inTransaction(world.db, (tx) => updateSearchable(tx, EVERYBODY, { threshold: 80, now }));
    expect(await update()).toMatchObject({ searchable: 1, "not searchable": 1, changed: 2, "short bio": 1 });
    expect(await update()).toMatchObject({ searchable: 1, "not searchable": 1, changed: 0 });
    await world.query("delete from profiles where user_id = $1", [first]);
    expect(await update()).toMatchObject({ searchable: 0, changed: 1 });
    expect(await readSearchable(world.db.drizzle, first)).toBeNull();
    expect(await readSearchable(world.db.drizzle, second)).toMatchObject({ searchable: false });
  });
});
