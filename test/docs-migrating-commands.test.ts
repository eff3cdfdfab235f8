import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, it, onTestFinished } from "vitest";
import { eventually } from "./support/eventually.ts";
import { describeDatabase } from "./support/example.ts";
import { blocks, read, root, section } from "./support/pages.ts";
import { drawName, scratchDatabase } from "./support/scratch-database.ts";
import { startServiceProcess } from "./support/service-process.ts";
import { openShell } from "./support/shell.ts";

const page = read("docs/migrating.md");

it("the commands of docs/migrating.md make a shadow run beside the jobs of a platform, and remove it without a trace", async () => {
  const database = await scratchDatabase();
  const shadow = drawName();
  const names = { role: drawName(), shadow, prefix: shadow.replaceAll("_", "-") };
  await database.query(read("examples/go/schema.sql").replaceAll(/\bgo_app\b/g, names.role));
  onTestFinished(async () => void (await database.urlAs(names.role)));
  await database.query(
    `set search_path = civic;
     create table volunteer_project_matches (volunteer_id uuid, project_id uuid, match_score decimal(5, 4));
     create table candidate_notifications (project_id uuid, volunteer_id uuid, match_score decimal(5, 4), notified_at timestamp);
     insert into candidate_notifications values (md5('workshop')::uuid, md5('volunteer ben')::uuid, 1, timezone('utc', now()) - interval '1 day');
     reset search_path`,
  );
  const before = await describeDatabase(database, ["civic"], names.role);
  const host = new URL(database.url);
  host.search = "?options=-c%20search_path%3Dcivic";
  const shell = await openShell({
    ADMIN_DATABASE_URL: database.url,
    DATABASE_URL: database.url,
    HOST_DATABASE_URL: host.href,
    REDIS_URL: inject("redisUrl"),
    SMTP_URL: "smtp://mail.example.com",
  });
  await cp(join(root, "examples/go/mappings"), join(shell.folder, "connect"), { recursive: true });
  const [sent = "", best = ""] = blocks(section(page, "CivicWeave"), "pgsql");
  await writeFile(join(shell.folder, "sent.sql"), sent);
  const [install = "", remove = "", importSent = ""] = blocks(page, "sh").map((script) =>
    script
      .replaceAll(/\bcommonwork_shadow/g, names.shadow)
      .replace("cw-shadow", names.prefix)
      .replace("PORT=3001", "PORT=0")
      .replace("my_app", names.role),
  );

  const [, beforeStart = ""] = /^([\s\S]*)commonwork start\n$/.exec(install) ?? [];
  await shell.run(beforeStart);
  expect(shell.variables()).not.toHaveProperty("SMTP_URL");
  expect(shell.variables()).toMatchObject({ DB_SCHEMA: names.shadow, REDIS_PREFIX: names.prefix });
  const service = await startServiceProcess({
    ...shell.variables(),
    EMAIL_FOLDER: join(shell.folder, "emails"),
  });
  onTestFinished(() => service.kill());
  await eventually(async () =>
    expect(await database.query(`select 1 from ${names.shadow}.mirrors where resync is not null`)).toEqual(
      [],
    ),
  );
  expect(await shell.run("commonwork connect status")).toMatch(/users +active/);
  expect(await shell.run(importSent)).toContain("notification-history: 1 stored.\n");
  await shell.run("commonwork run calculate-matches");
  await writeFile(join(shell.folder, "best.sql"), best.replaceAll("commonwork_shadow", names.shadow));
  expect(await shell.run('psql "$HOST_DATABASE_URL" -At -f best.sql')).toBe("Workshop|0|0|1\n");

  await service.stop();
  await shell.run(remove);
  expect(await describeDatabase(database, ["civic"], names.role)).toEqual(before);
  expect(
    await database.query("select rolname from pg_roles where starts_with(rolname, $1)", [names.shadow]),
  ).toEqual([]);
  for (const name of ["DB_SCHEMA", "REDIS_PREFIX", "PORT"])
    expect(shell.variables()).not.toHaveProperty(name);
});
