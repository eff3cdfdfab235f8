import { expect, it } from "vitest";
import { holding, type Series } from "../../src/alerts/condition.ts";
import { HOST_RULES } from "../../src/alerts/host-rules.ts";
import { groupBy } from "../../src/group-by.ts";
import { verifyMirrors } from "../../src/workers/maintenance/verify-mirrors.ts";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { mirrored, reconcile } from "../support/host-platform.ts";
import { createWorld } from "../support/world.ts";

/** The series of the mirrors by the name of their metric. */
type Scraped = ReadonlyMap<string, readonly Series[]>;

async function scrape(address: string): Promise<Scraped> {
  const text = await (await fetch(`${address}/metrics`)).text();
  // Values that cannot be read within two seconds are left out.
  expect(text).toMatch(/^commonwork_reachable\{part="postgres"\} 1$/m);
  const lines = [...text.matchAll(/^commonwork_mirror_(\w+)(?:\{mirror="(\w+)"\})? (\S+)$/gm)];
  const series = lines.map(([, name = "", mirror, value]) => ({
    name,
    labels: (mirror === undefined ? {} : { mirror }) as Record<string, string>,
    value: Number(value),
  }));
  return groupBy(series, ({ name }) => name);
}

/** The values of a metric by mirror, without zeros. */
const valuesOf = (scraped: Scraped, name: string): Record<string, number> =>
  Object.fromEntries(
    (scraped.get(name) ?? []).flatMap(({ labels, value }) =>
      value === 0 ? [] : [[labels["mirror"] ?? "", value]],
    ),
  );

/** The alerts about mirrors whose conditions hold, with the mirror. */
const alertsOf = (scraped: Scraped): string[] =>
  HOST_RULES.flatMap(({ name, condition }) => {
    if (!("gauge" in condition) || !condition.gauge.startsWith("commonwork_mirror_")) return [];
    const series = scraped.get(condition.gauge.replace("commonwork_mirror_", "")) ?? [];
    return holding(condition, series).map(({ labels }) => [name, ...Object.values(labels)].join(" "));
  });

it("the metrics of mirrors tell what is pending, waits, fails, differs and was verified, and their alerts follow", async () => {
  const world = await createWorld();
  await mirrored(world);
  const address = await serve(world, {}, { metricsCacheMs: 0 });
  const read = () => eventually(() => scrape(address));

  const idle = await read();
  for (const name of ["oldest_note_seconds", "waiting_rows", "faulty_rows", "stopped"]) {
    expect(
      idle.get(name)?.map(({ labels }) => labels["mirror"]),
      name,
    ).toContain("organizations");
    expect(valuesOf(idle, name), name).toEqual({});
  }
  expect(idle.get("verified_age_seconds")).toBeUndefined();
  expect(alertsOf(idle)).toEqual([]);

  // A venture whose founder is not mirrored waits, and a company without a name is a fault.
  await world.query(`
    with founder as (insert into app.accounts (mail, deleted_at) values ('gone', now()) returning id),
         company as (insert into app.companies (title) values ('Helpers') returning id)
    insert into app.ventures (company, founder, name) select company.id, founder.id, 'Garden' from company, founder;
    insert into app.companies (title) values (null)`);
  await reconcile(world);
  const troubled = await read();
  expect(valuesOf(troubled, "waiting_rows")).toEqual({ projects: 1 });
  expect(valuesOf(troubled, "faulty_rows")).toEqual({ organizations: 1 });
  expect(valuesOf(troubled, "oldest_note_seconds")).toEqual({});
  expect(alertsOf(troubled)).toEqual(["MirrorFaultyRows organizations"]);

  await world.query("delete from app.ventures; delete from app.companies where title is null");
  await reconcile(world);
  await world.query("insert into app.accounts (mail) values ('ada')");
  await world.query("update dirty set at = now() - interval '2 minutes'");
  const pending = await read();
  const ages = valuesOf(pending, "oldest_note_seconds");
  expect(Object.keys(ages)).toEqual(["users"]);
  expect(ages["users"]).toBeGreaterThanOrEqual(120);
  expect(valuesOf(pending, "waiting_rows")).toEqual({});
  expect(alertsOf(pending)).toEqual(["MirrorBehind users"]);

  await reconcile(world);
  await world.query(`
    alter table app.companies disable trigger user;
    update app.companies set title = 'Unseen';
    alter table app.companies enable trigger user`);
  await world.perform(verifyMirrors, {});
  await world.drain();
  const verified = await read();
  expect(valuesOf(verified, "differing_rows")).toEqual({ organizations: 1 });
  expect(verified.get("verified_age_seconds")?.[0]?.value).toBeGreaterThan(0);
  expect(alertsOf(verified)).toEqual(["MirrorDiffers organizations"]);

  await world.query(
    "update job_runs set created_at = now() - interval '2 days' where job = 'verify-mirrors'",
  );
  await world.query("update mirrors set stopped_at = now() where table_name = 'users'");
  expect(alertsOf(await read())).toEqual([
    "MirrorStopped users",
    "MirrorDiffers organizations",
    "MirrorsNotVerified",
  ]);
});
