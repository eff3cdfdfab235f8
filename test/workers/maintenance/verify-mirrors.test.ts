import { expect, it } from "vitest";
import { lastVerification } from "../../../src/connect/status.ts";
import { listRuns } from "../../../src/queues/runs.ts";
import { verifyMirrors } from "../../../src/workers/maintenance/verify-mirrors.ts";
import { serve } from "../../http/support.ts";
import { hostPlatform, installMappings, mirrored, reconcile } from "../../support/host-platform.ts";
import { createWorld, type World } from "../../support/world.ts";

async function verify(world: World) {
  await world.perform(verifyMirrors, {});
  await world.drain();
  const [run] = await listRuns(world.db.drizzle, { job: verifyMirrors.name }, 1);
  return run;
}

it("verify-mirrors reports changes that no trigger recorded, in the run, the audit log and the metrics", async () => {
  const world = await createWorld();
  await mirrored(world);
  await world.query("insert into app.companies (title) select 'C' || n from generate_series(1, 30) n");
  await reconcile(world);
  expect(await lastVerification(world.db.drizzle)).toBeNull();
  expect(await verify(world)).toMatchObject({
    status: "done",
    counts: { rows: 30, "differing-organizations": 0, "differing-users": 0 },
  });
  await world.query(`
    alter table app.companies disable trigger user;
    update app.companies set title = 'Changed' where title = 'C7';
    insert into app.companies (title) values ('New');
    alter table app.companies enable trigger user`);
  expect(await verify(world)).toMatchObject({
    status: "done",
    counts: { rows: 31, "differing-organizations": 2, "differing-users": 0 },
  });
  expect(
    await world.query("select action, subject, details from audit_log where action like 'mirror.differs'"),
  ).toEqual([{ action: "mirror.differs", subject: "mirrors:organizations", details: { rows: 2 } }]);
  const text = await (await fetch(`${await serve(world)}/metrics`)).text();
  expect(text).toMatch(/^commonwork_mirror_differing_rows\{mirror="organizations"\} 2$/m);
  expect(text).toMatch(/^commonwork_mirror_differing_rows\{mirror="users"\} 0$/m);
  expect(text).toMatch(/^commonwork_mirror_verified_age_seconds \d/m);
});

it("verify-mirrors leaves out mirrors that are stopped or being copied, and waits for one that is behind", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  await installMappings(world);
  await world.query("insert into app.companies (title) values ('C1')");
  expect(await verify(world)).toMatchObject({ status: "done", counts: {} });
  await reconcile(world);
  await world.query("update mirrors set stopped_at = now() where table_name = 'users'");
  const run = await verify(world);
  expect(run?.counts).toMatchObject({ rows: 1, "differing-organizations": 0 });
  expect(run?.counts).not.toHaveProperty("differing-users");
  await world.query("update app.companies set title = 'C2'");
  expect((await verify(world))?.status).not.toBe("done");
  await reconcile(world);
  await world.query("update outbox set run_at = now() where job = 'verify-mirrors/range'");
  await world.drain();
  const [later] = await listRuns(world.db.drizzle, { job: verifyMirrors.name }, 1);
  expect(later).toMatchObject({ status: "done", counts: { "differing-organizations": 0 } });
});
