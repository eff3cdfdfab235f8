import { expect, it } from "vitest";
import { applyNoted } from "../../src/connect/mirroring.ts";
import { compareMirrors } from "../../src/connect/verify.ts";
import { cli, environmentOf } from "../support/cli.ts";
import { mirrored, reconcile } from "../support/host-platform.ts";
import { createWorld, type World } from "../support/world.ts";

const verify = (world: World, repair = false) =>
  compareMirrors(world.db, { repair, actor: "test", catchUp: () => applyNoted(world.db) });

async function scene() {
  const world = await createWorld();
  await mirrored(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 30) n");
  await world.query("insert into app.accounts (mail) select 'm' || n from generate_series(1, 20) n");
  await reconcile(world);
  return world;
}

it("a verification finds what no trigger noted, and repairs it", async () => {
  const world = await scene();
  expect(await verify(world)).toEqual(
    expect.arrayContaining([
      { mirror: "organizations", rows: 30, differing: [], count: 0 },
      { mirror: "users", rows: 20, differing: [], count: 0 },
    ]),
  );
  await world.query(`
    alter table app.companies disable trigger user;
    alter table app.accounts disable trigger user;
    update app.companies set title = 'Changed' where title = 'C7';
    insert into app.companies (title) values ('New');
    update app.accounts set deleted_at = now() where mail = 'm3';
    alter table app.companies enable trigger user;
    alter table app.accounts enable trigger user`);
  const found = await verify(world, true);
  expect(found.filter(({ count }) => count > 0).map(({ mirror, count }) => [mirror, count])).toEqual(
    expect.arrayContaining([
      ["organizations", 2],
      ["users", 1],
    ]),
  );
  await reconcile(world);
  expect((await verify(world)).every(({ count }) => count === 0)).toBe(true);
  expect(
    await world.query("select name from organizations where name in ('Changed', 'New') order by 1"),
  ).toEqual([{ name: "Changed" }, { name: "New" }]);
  expect(
    await world.query(
      "select action, details from audit_log where action = 'mirror.repair' order by subject",
    ),
  ).toEqual([
    { action: "mirror.repair", details: { rows: 2 } },
    { action: "mirror.repair", details: { rows: 1 } },
  ]);
});

it("a change that is on its way is no difference", async () => {
  const world = await scene();
  await world.query("update app.companies set title = 'Soon' where title = 'C7'");
  expect((await verify(world)).every(({ count }) => count === 0)).toBe(true);
});

it("commonwork connect verify lists what differs, with exit code 1", async () => {
  const world = await scene();
  const run = (...argv: string[]) => cli(environmentOf(world), "connect", "verify", ...argv);
  expect(await run("organizations")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/organizations +30 +0/),
  });
  await world.query("update organizations set name = 'Ours' where name = 'C7'");
  const wrong = await run("--json");
  expect(wrong.code).toBe(1);
  expect(JSON.parse(wrong.out)).toEqual(
    expect.arrayContaining([expect.objectContaining({ mirror: "organizations", count: 1 })]),
  );
});
