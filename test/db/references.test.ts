import { expect, it } from "vitest";
import { referencesTo, resolveOrKeep, resolveReference, resolveReferences } from "../../src/db/references.ts";
import { createWorld, type World } from "../support/world.ts";

const PUBLIC_ID = "6f1c0a9e-3f5f-4f0e-9a55-0d6a4c6f0b01";

/** Users 1 and 2 of the host, in the opposite order of ours; user 3 without a host id. */
async function scene(): Promise<World> {
  const world = await createWorld();
  await world.query(
    `insert into users (id, host_id, public_id) values (1, '2', gen_random_uuid()), (2, '1', gen_random_uuid()), (3, null, $1)`,
    [PUBLIC_ID],
  );
  return world;
}

it("resolves the host's id, then our id where there is none, then the public uuid of a user", async () => {
  const { db } = await scene();
  const references = ["1", "2", "3", PUBLIC_ID, "4", "x", "", "99999999999999999999"];
  expect(Object.fromEntries(await resolveReferences(db.drizzle, "users", references))).toEqual({
    "1": "2",
    "2": "1",
    "3": "3",
    [PUBLIC_ID]: "3",
  });
});

it("does not resolve our id of a row with a host id", async () => {
  const world = await scene();
  await world.query("update users set host_id = 'other' where id = 1");
  expect(await resolveReference(world.db.drizzle, "users", "1")).toBe("2");
  await world.query("update users set host_id = 'another' where id = 2");
  expect(await resolveReference(world.db.drizzle, "users", "1")).toBeNull();
});

it("refers to rows by the host's id where there is one", async () => {
  const { db } = await scene();
  const reference = await referencesTo(db.drizzle, "users", ["1", "3", "9"]);
  expect(["1", "3", "9"].map(reference)).toEqual(["2", "3", "9"]);
});

it("keeps an unknown number if the host uses our ids", async () => {
  const { db } = await scene();
  expect(Object.fromEntries(await resolveOrKeep(db.drizzle, "projects", ["7", "x"]))).toEqual({ "7": "7" });
  expect(Object.fromEntries(await resolveOrKeep(db.drizzle, "users", ["7", "3"]))).toEqual({ "3": "3" });
});
