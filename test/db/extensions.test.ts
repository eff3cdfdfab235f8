import { beforeEach, describe, expect, it } from "vitest";
import { type DatabaseAddress, openDatabase } from "../../src/db/client.ts";
import { EXTENSION_NAMES } from "../../src/db/extensions.ts";
import { migrateDatabase } from "../../src/db/migrate.ts";
import { drawName, type ScratchDatabase, scratchDatabase } from "../support/scratch-database.ts";

describe("an extension", () => {
  let database: ScratchDatabase;
  let address: DatabaseAddress;
  beforeEach(async () => {
    database = await scratchDatabase();
    const { name, url } = await database.createRole();
    address = { databaseUrl: url, databaseSchema: drawName() };
    await database.query(`create schema ${address.databaseSchema} authorization ${name}`);
  });

  const homes = () =>
    database.query(
      "select extname as name, extnamespace::regnamespace::text as schema from pg_extension where extname = any($1)",
      [EXTENSION_NAMES],
    );

  const searchPath = async (): Promise<string> => {
    const db = openDatabase(address, { max: 1 });
    try {
      return (await db.pool.query("select current_setting('search_path') as path")).rows[0].path;
    } finally {
      await db.close();
    }
  };

  it("is created in the schema if the role may", async () => {
    await migrateDatabase({ ...address, databaseUrl: database.url });
    expect(await homes()).toHaveLength(EXTENSION_NAMES.length);
    expect(new Set((await homes()).map(({ schema }) => schema))).toEqual(new Set([address.databaseSchema]));
  });

  it("that the role may not create turns its feature off until a superuser runs the suggested statement", async () => {
    const { applied, featuresOff } = await migrateDatabase(address);
    expect(applied).not.toEqual([]);
    expect(featuresOff).toHaveLength(EXTENSION_NAMES.length);
    expect(featuresOff[0]).toEqual({
      feature: "typo tolerance in the search for people",
      reason: `the extension pg_trgm is missing; a superuser can run: create extension pg_trgm with schema "${address.databaseSchema}"`,
    });
    for (const { reason } of featuresOff) await database.query(/run: (.*)$/.exec(reason)?.[1] ?? "none");
    expect(await migrateDatabase(address)).toEqual({ applied: [], featuresOff: [] });
  });

  it("that is missing is created by a later run although no migration is pending", async () => {
    await migrateDatabase(address);
    expect(await homes()).toEqual([]);
    const later = await migrateDatabase({ ...address, databaseUrl: database.url });
    expect(later).toEqual({ applied: [], featuresOff: [] });
    expect(await homes()).toHaveLength(EXTENSION_NAMES.length);
  });

  it("in another schema is used there if only the owner may create objects in it", async () => {
    await database.query(`create schema extras; create extension pg_trgm with schema extras; create extension unaccent with schema extras;
                          create extension btree_gin with schema extras; grant usage on schema extras to public`);
    expect((await migrateDatabase(address)).featuresOff).toEqual([]);
    expect(await searchPath()).toBe(`${address.databaseSchema}, extras, pg_temp`);

    await database.query("grant create on schema extras to public");
    const { featuresOff } = await migrateDatabase(address);
    expect(featuresOff).toHaveLength(EXTENSION_NAMES.length);
    expect(featuresOff[0]?.reason).toMatch(
      /^the extension pg_trgm is in the schema extras, where other roles than its owner may create objects/,
    );
    expect(await searchPath()).toBe(`${address.databaseSchema}, pg_temp`);
    for (const { reason } of featuresOff) await database.query(/run: (.*)$/.exec(reason)?.[1] ?? "none");
    expect((await migrateDatabase(address)).featuresOff).toEqual([]);
  });
});
