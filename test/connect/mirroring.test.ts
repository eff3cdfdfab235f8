import { describe, expect, it } from "vitest";
import { lockMirrors } from "../../src/connect/installed.ts";
import { createMirroring, type MirroringDeps } from "../../src/connect/mirroring.ts";
import { openDatabase } from "../../src/db/client.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { countQueries } from "../support/count-queries.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import {
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
} from "../support/host-platform.ts";
import { startServiceProcess } from "../support/service-process.ts";
import { createWorld, serversOf, type World } from "../support/world.ts";

const signal = new AbortController().signal;

const companies = async (world: World) =>
  (
    await world.query<{ name: string }>("select name from organizations where host_id is not null order by 1")
  ).map(({ name }) => name);

const countCompanies = async (world: World) =>
  (
    await world.query<{ n: number }>("select count(*)::int as n from organizations where host_id is not null")
  )[0]?.n;

const add = (world: World, title: string) =>
  world.query("insert into app.companies (title) values ($1)", [title]);

describe("a worker", () => {
  it("applies changes as they are recorded, also those of a resync", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await add(world, "Before");
    await installMappings(world);
    world.mirroring.start();
    await eventually(async () => expect(await companies(world)).toEqual(["Before"]));
    await add(world, "After");
    await eventually(async () => expect(await companies(world)).toEqual(["After", "Before"]));
  });
});

it("a process in a dry run applies changes too, so that its previews read what the host has", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  await installMappings(world);
  const service = await startServiceProcess({
    ...serversOf(world),
    DRY_RUN: "true",
    ROLES: "worker,scheduler",
  });
  world.closing(() => service.stop());
  await add(world, "Helpers");
  await eventually(async () => expect(await companies(world)).toEqual(["Helpers"]));
});

/** Mirrors 600 companies, of which each takes two milliseconds to read: over a second for all of them. */
async function slowCompanies(world: World): Promise<void> {
  await hostPlatform(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 600) n");
  const organizations = MAPPINGS["organizations"]?.replace(/;$/, "");
  await installMappings(world, {
    organizations: `${organizations}, lateral (select pg_sleep(0.002) where c.id is not null) slow`,
  });
}

async function mirrorWith(world: World, deps: Partial<MirroringDeps>): Promise<void> {
  const mirroring = createMirroring({ db: world.db, log: world.log, patienceMs: 0, ...deps });
  world.closing(() => mirroring.stop());
  mirroring.start();
  await eventually(async () => expect(await countCompanies(world)).toBe(600));
}

it("a select that takes longer than a statement may is read in smaller parts", async () => {
  const world = await createWorld();
  await slowCompanies(world);
  const options = { max: 2, applicationName: "mirroring", statementTimeoutMs: 500 };
  const db = openDatabase(world.config, options);
  world.closing(() => db.close());
  await mirrorWith(world, { db });
});

it("a round that takes longer than a transaction may is repeated with fewer keys", async () => {
  const world = await createWorld();
  await slowCompanies(world);
  await mirrorWith(world, { roundLimitMs: 500 });
  const [written] = await world.query<{ n: number }>(
    "select count(distinct xmin::text)::int as n from organizations where host_id is not null",
  );
  expect(written?.n).toBeGreaterThan(1);
});

describe("catching up", () => {
  it("applies recorded changes, and takes no time without mirrors", async () => {
    const world = await createWorld();
    expect(await world.mirroring.catchUp(signal)).toBe(0);
    await mirrored(world);
    await add(world, "Helpers");
    expect(await world.mirroring.catchUp(signal)).toBe(0);
    expect(await companies(world)).toEqual(["Helpers"]);
  });

  it("waits for the reconciler of another process", async () => {
    const world = await createWorld();
    await mirrored(world);
    await add(world, "Helpers");
    const held = gate();
    const release = gate();
    const other = inTransaction(world.db, async (tx) => {
      await lockMirrors(tx);
      held.open();
      await release.passed;
    });
    await held.passed;
    const caughtUp = world.mirroring.catchUp(signal);
    expect(await companies(world)).toEqual([]);
    release.open();
    await other;
    expect(await caughtUp).toBe(0);
    expect(await companies(world)).toEqual(["Helpers"]);
  });

  it("ends when the changes from before the call are applied, however many follow", async () => {
    const world = await createWorld();
    await mirrored(world);
    const host = await hostConnection(world);
    let going = true;
    const writing = (async () => {
      while (going) await host.query("insert into app.companies (title) values ('Many')");
    })();
    await add(world, "First");
    expect(await world.mirroring.catchUp(signal)).toBe(0);
    expect(await companies(world)).toContain("First");
    going = false;
    await writing;
    await reconcile(world);
  });

  it("costs as little for two hundred callers at once as for two", async () => {
    const world = await createWorld();
    await mirrored(world);
    const all = (callers: number) =>
      Promise.all(Array.from({ length: callers }, () => world.mirroring.catchUp(signal)));
    const few = await countQueries(world, () => all(2));
    expect(await countQueries(world, () => all(200))).toBe(few);
  });

  it("applies changes recorded while an earlier call was running", async () => {
    const world = await createWorld();
    await mirrored(world);
    await add(world, "First");
    const first = world.mirroring.catchUp(signal);
    await add(world, "Second");
    await world.mirroring.catchUp(signal);
    expect(await companies(world)).toEqual(["First", "Second"]);
    await first;
  });

  it("ends for a caller that goes away, and goes on for the others", async () => {
    const world = await createWorld();
    await mirrored(world);
    await add(world, "Helpers");
    const gone = new AbortController();
    const calls = [world.mirroring.catchUp(gone.signal), world.mirroring.catchUp(signal)];
    gone.abort();
    expect(await Promise.all(calls)).toEqual([1_000, 0]);
    expect(await companies(world)).toEqual(["Helpers"]);
  });

  it("gives work back during a resync, until the time limit", async () => {
    const world = await createWorld();
    await hostPlatform(world);
    await installMappings(world);
    expect(await world.mirroring.catchUp(signal)).toBe(1_000);
    const impatient = createMirroring({ db: world.db, log: world.log, patienceMs: 0 });
    expect(await impatient.catchUp(signal)).toBe(0);
    await reconcile(world);
    expect(await world.mirroring.catchUp(signal)).toBe(0);
  });

  it("gives work back while Postgres cannot be asked", async () => {
    const world = await createWorld();
    const broken = { ...world.db, drizzle: { execute: () => Promise.reject(new Error("lost")) } };
    const mirroring = createMirroring({
      db: broken as unknown as World["db"],
      log: world.log,
      patienceMs: 0,
    });
    expect(await mirroring.catchUp(signal)).toBe(1_000);
  });
});

it("a statement of many rows records their keys by the thousand", async () => {
  const world = await createWorld();
  await mirrored(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 2500) n");
  await world.query("update app.companies set title = title where false");
  expect(
    await world.query(
      "select jsonb_array_length(keys) as keys from dirty where mirror = 'organizations' order by 1",
    ),
  ).toEqual([{ keys: 500 }, { keys: 1_000 }, { keys: 1_000 }]);
  await reconcile(world);
  expect(await companies(world)).toHaveLength(2_500);
});
