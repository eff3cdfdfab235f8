import { expect, it } from "vitest";
import { checkMappings } from "../../src/connect/install.ts";
import { installSql } from "../../src/connect/install-sql.ts";
import { parseMapping } from "../../src/connect/mapping.ts";
import { hostConnection, hostPlatform, MAPPINGS } from "../support/host-platform.ts";
import { deployWithRoles, scratchDatabase } from "../support/scratch-database.ts";
import { createWorld, type World } from "../support/world.ts";

/** The printed SQL of the mirror of users, which reads two tables; and the administrator who runs it. */
async function printed() {
  const database = await scratchDatabase();
  const { owner } = await deployWithRoles(database);
  const world = await createWorld({ database: { ...owner, databaseUrl: database.url } });
  await hostPlatform(world);
  const [checked] = await checkMappings(world.db, [parseMapping("users", MAPPINGS["users"] as string)]);
  const text = installSql(owner.databaseSchema, checked!.plan);
  const administrator = await hostConnection(world);
  // It would wait forever if it did not give up by itself.
  await administrator.query("set statement_timeout = '60s'");
  return { world, text, administrator };
}

const triggersOn = async (world: World, table: string): Promise<number> =>
  (await world.query("select 1 from pg_trigger where not tgisinternal and tgrelid = $1::regclass", [table]))
    .length;

it("the printed SQL changes each table in a transaction of its own", async () => {
  const { text } = await printed();
  const transactions = [...text.matchAll(/^begin;\n(.*?)^commit;\n/gms)].map(([, body = ""]) => body);
  expect(transactions).toHaveLength(2);
  expect(text.match(/create trigger/g)).toHaveLength(8);
  for (const [index, table] of ['"app"."accounts"', '"app"."profiles"'].entries()) {
    expect(transactions[index]).toMatch(/^set local lock_timeout = 2000;\n/);
    const changed = [...(transactions[index] ?? "").matchAll(/ on ("\w+"\."\w+")/g)].map(([, name]) => name);
    expect(new Set(changed)).toEqual(new Set([table]));
  }
});

it("the printed SQL gives up when a writer keeps it waiting, changes nothing then, and can be run again", async () => {
  const { world, text, administrator } = await printed();
  const writer = await hostConnection(world);
  await writer.query("begin; insert into app.profiles (account) select id from app.accounts");
  await expect(administrator.query(text)).rejects.toMatchObject({ code: "55P03" });
  await administrator.query("rollback");
  expect(await triggersOn(world, "app.accounts")).toBe(4);
  expect(await triggersOn(world, "app.profiles")).toBe(0);
  await writer.query("commit");
  await administrator.query(text);
  expect(await triggersOn(world, "app.accounts")).toBe(4);
  expect(await triggersOn(world, "app.profiles")).toBe(4);
  expect((await administrator.query("show lock_timeout")).rows).toEqual([{ lock_timeout: "0" }]);
});
