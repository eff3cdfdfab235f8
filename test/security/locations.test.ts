import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { onGrid } from "../../src/scoring/distance.ts";
import { distanceKm } from "../../src/scoring/project-matching/match.ts";
import { calculateMatches } from "../../src/workers/matching/calculate-matches.ts";
import { serve } from "../http/support.ts";
import { organization, volunteer } from "../support/factories.ts";
import { enqueueRunIn } from "../support/jobs.ts";
import { projectFor, skilled } from "../support/matching.ts";
import { JWT_SECRET, userToken } from "../support/user-token.ts";
import { createWorld } from "../support/world.ts";

const HOME = { latitude: 52.5163, longitude: 13.3779 };
/** In the same cell as HOME. */
const NEIGHBOUR = { latitude: 52.5238, longitude: 13.3885 };

it("four projects around a home learn its cell, and not where in it the home is", async () => {
  expect(onGrid(HOME)).toEqual(onGrid(NEIGHBOUR));
  expect(distanceKm(HOME, NEIGHBOUR)).toBeGreaterThan(1);
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const address = await serve(world);
  const organizationId = await organization(world);
  const lead = (await volunteer(world, { organizationId })).userId;
  const people = [
    await skilled(world, { cooking: 1 }, { organizationId, location: HOME }),
    await skilled(world, { cooking: 1 }, { organizationId, location: NEIGHBOUR }),
  ];
  const projects = [];
  for (const [north, east] of [
    [0.06, 0],
    [-0.06, 0],
    [0, 0.1],
    [0, -0.1],
  ] as const) {
    const location = { latitude: HOME.latitude + north, longitude: HOME.longitude + east };
    projects.push(await projectFor(world, ["cooking"], { organizationId, location, lead, createdBy: lead }));
  }
  await enqueueRunIn(world, calculateMatches, {});
  await world.drain();
  const get = async (path: string) => {
    const answer = await fetch(`${address}/api/v1${path}`, {
      headers: { Authorization: `Bearer ${await userToken(lead)}` },
    });
    return (await answer.json()) as {
      steps: { what: string; how: string }[];
      candidates: { score: number; components: object; reasons: string[] }[];
    };
  };
  for (const project of projects) {
    const seen = await Promise.all(people.map((person) => get(`/explain/match/${project}:${person}`)));
    const [home, neighbour] = seen.map(({ steps }) => steps.filter(({ what }) => what !== "list"));
    expect(home).toContainEqual({ what: "distance", how: expect.stringMatching(/^5 to 10 km away: /) });
    expect(home).toEqual(neighbour);
    const { candidates } = await get(`/projects/${project}/candidates`);
    const [first, second] = candidates.map(({ score, components, reasons }) => ({
      score,
      components,
      reasons,
    }));
    expect(candidates).toHaveLength(2);
    expect(first).toEqual(second);
  }
});

it("a project's leader learns nothing about volunteers on no list", async () => {
  const world = await createWorld({
    environment: { AUTH_JWT_SECRET: JWT_SECRET, MATCHES_PER_PROJECT: "1" },
  });
  const address = await serve(world);
  const organizationId = await organization(world);
  const lead = (await volunteer(world, { organizationId })).userId;
  const listed = await skilled(world, { cooking: 1 }, { organizationId });
  const outside = await skilled(world, { cooking: 0.5 }, { organizationId });
  const project = await projectFor(world, ["cooking"], { organizationId, lead, createdBy: lead });
  await enqueueRunIn(world, calculateMatches, {});
  await world.drain();
  const explain = async (person: string, requested: string) =>
    (
      await fetch(`${address}/api/v1/explain/match/${project}:${person}`, {
        headers: { Authorization: `Bearer ${await userToken(requested)}` },
      })
    ).status;
  expect(await explain(listed, lead)).toBe(200);
  expect(await explain(outside, lead)).toBe(404);
  expect(await explain(outside, outside)).toBe(200);
});

it("Postgres and the pure function find the same cell", async () => {
  const world = await createWorld();
  await world.query(
    `with added as (insert into users (name) select '' from generate_series(1, 500) returning id)
     insert into volunteers (user_id, latitude, longitude)
     select id, random() * 180 - 90, case id % 3 when 0 then round((random() * 360 - 180)::numeric, 2) else random() * 360 - 180 end
     from added`,
  );
  const found = await world.query<{ exact: Point; cell: Point }>(
    `select jsonb_build_object('latitude', latitude, 'longitude', longitude) as exact,
            jsonb_build_object('latitude', grid_latitude, 'longitude', grid_longitude) as cell from volunteers`,
  );
  expect(found).toHaveLength(500);
  for (const { exact, cell } of found) expect(cell).toEqual(onGrid(exact));
});

it("a third move within a day counts once the day is over, and hiding the location counts at once", async () => {
  const world = await createWorld();
  const organizationId = await organization(world);
  const person = await skilled(world, { cooking: 1 }, { organizationId, location: HOME });
  const moveTo = (latitude: number | null) =>
    world.query("update volunteers set latitude = $2, longitude = $2 where user_id = $1", [person, latitude]);
  const cell = async () =>
    (
      await world.query<{ x: number | null }>(
        "select grid_latitude as x from volunteers where user_id = $1",
        [person],
      )
    )[0]?.x;
  const at = async (latitude: number | null) => {
    await moveTo(latitude);
    return cell();
  };
  expect([await at(10), await at(10.001), await at(20)]).toEqual([10, 10, 20]);
  expect([await at(30), await at(20), await at(40)]).toEqual([20, 20, 20]);
  const run = async () => {
    await enqueueRunIn(world, calculateMatches, {});
    await world.drain();
    return cell();
  };
  expect(await run()).toBe(20);
  await world.query(
    "update volunteers set grid_moves = array(select m - interval '25 hours' from unnest(grid_moves) m)",
  );
  expect(await run()).toBe(40);
  expect([await at(50), await at(60), await at(null), await at(70)]).toEqual([50, 50, null, null]);
});

type Point = { latitude: number; longitude: number };

/** True if a source reads an exact coordinate of `volunteers`, under whatever alias, or without one. */
function readsExactLocation(source: string): boolean {
  const statements = [...source.matchAll(/(?:sql|prepared|^)`([^`]*)`/g)]
    .map(([, text]) => text ?? "")
    .filter((text) => /\bvolunteers\b/.test(text));
  return statements.some((statement) => {
    const aliases = [...statement.matchAll(/\bvolunteers(?:\s+as)?\s+(\w+)/g)].map(([, alias]) => alias);
    const columns = ["volunteers", ...aliases].map((name) => `\\b${name}\\.`).join("|");
    const bare = /\b(?:from|update|join)\s+(?!volunteers\b)\w/.test(statement) ? "" : '|(?<![\\w."])';
    return new RegExp(`(?:${columns}${bare})(?:latitude|longitude)\\b`).test(statement);
  });
}

it.each([
  ["`select x.latitude from volunteers x`", true],
  ["`select x.longitude from users u join volunteers as x on x.user_id = u.id`", true],
  ["`select volunteers.latitude from volunteers`", true],
  ["`select latitude from volunteers`", true],
  ["`select x.grid_latitude from volunteers x`", false],
  ["`select p.latitude from projects p join volunteers x on true`", false],
])("%s reads the exact location of a volunteer: %s", (source, reads) => {
  expect(readsExactLocation(source)).toBe(reads);
});

it("no statement outside of the demo reads the exact location of a volunteer", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("dev/"))
    .map((file) => [file, readFileSync(`src/${file}`, "utf8")] as const);
  const readers = files.filter(([, text]) => readsExactLocation(text));
  expect(files.length).toBeGreaterThan(100);
  expect(readers.map(([file]) => file)).toEqual([]);
});
