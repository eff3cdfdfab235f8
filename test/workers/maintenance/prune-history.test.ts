import { describe, expect, it } from "vitest";
import { EVENTS_SOURCE } from "../../../src/db/inbox.ts";
import { listRuns } from "../../../src/queues/runs.ts";
import { pruneHistory } from "../../../src/workers/maintenance/prune-history.ts";
import { chain, organization } from "../../support/factories.ts";
import { takeSale } from "../../support/sales.ts";
import { createWorld, type World, type WorldOptions } from "../../support/world.ts";

const AT = "2026-06-02T06:00:00Z";
const openWorld = (options: WorldOptions = {}) => createWorld({ at: AT, ...options });

async function prune(world: World): Promise<Record<string, number>> {
  await world.perform(pruneHistory, {});
  await world.drain();
  const [run] = await listRuns(world.db.drizzle, { job: pruneHistory.name }, 1);
  expect(run?.status).toBe("done");
  return run!.counts;
}

const column = async (world: World, statement: string) =>
  (await world.query<{ x: string }>(statement)).map(({ x }) => x);

/** One row for each age in days. */
const calls = (world: World, source: string, outcome: string, ages: readonly number[]) =>
  world.query(
    `insert into inbox (source, outcome, raw, raw_hash, received_at)
     select $1, $2, 'x', 'x', $4::timestamptz - age * interval '1 day' from unnest($3::int[]) as age`,
    [source, outcome, ages, AT],
  );

const runs = (world: World, schedule: string | null, ages: readonly number[], finished = true) =>
  world.query(
    `insert into job_runs (job, trigger, schedule, slot, input, status, created_at, finished_at)
     select 'some-job', 'schedule', $1, at, '{}', 'done', at, case when $4 then at end
     from (select $3::timestamptz - age * interval '1 day' as at from unnest($2::int[]) as age) a`,
    [schedule, ages, AT, finished],
  );

describe("prune-history", () => {
  it("deletes old webhook calls of hosts, and of sales only those that were repeated", async () => {
    const world = await openWorld();
    await calls(world, "scicent", "rejected", [400]);
    await calls(world, "scicent", "conflict", [400]);
    await calls(world, "scicent", "rejected", [400]);
    await world.query("update inbox set raw = null, first_id = 1 where id = 3");
    for (const age of [91, 89]) {
      await calls(world, EVENTS_SOURCE, "accepted", [age]);
      await calls(world, "scicent", "duplicate", [age]);
    }
    expect(await prune(world)).toMatchObject({ inbox: 3 });
    expect(await column(world, "select source || ' ' || outcome as x from inbox order by id")).toEqual([
      "scicent rejected",
      "scicent conflict",
      `${EVENTS_SOURCE} accepted`,
      "scicent duplicate",
    ]);
  });

  it("deletes engagement that was recorded or taken back long ago", async () => {
    const world = await openWorld();
    const [user] = await world.query<{ id: string }>("insert into users default values returning id");
    await world.query(
      `insert into engagement_events (host_id, user_id, target_kind, target_id, kind, occurred_at, updated_at)
       select age, $1, 'user', 1, 'profile_view', '2026-01-01', $3::timestamptz - age * interval '1 day' from unnest($2::int[]) as age`,
      [user!.id, [200, 101, 99], AT],
    );
    expect(await prune(world)).toMatchObject({ engagement_events: 2 });
    expect(await column(world, "select host_id as x from engagement_events")).toEqual(["99"]);
  });

  it("deletes old finished runs, but not the last one of a schedule", async () => {
    const world = await openWorld();
    await runs(world, "hourly", [40, 32, 31, 29]);
    await runs(world, "stopped", [90, 80]);
    await runs(world, null, [31, 29]);
    await runs(world, "stuck", [50], false);
    await prune(world);
    expect(
      await column(
        world,
        "select coalesce(schedule, 'none') || ' ' || ('2026-06-02'::date - created_at::date) as x from job_runs where job = 'some-job' order by id",
      ),
    ).toEqual(["hourly 29", "stopped 80", "none 29", "stuck 50"]);
  });

  it("keeps a run with a dead letter, which may be retried", async () => {
    const world = await openWorld();
    await runs(world, null, [400]);
    await world.query(
      `insert into outbox (queue, job, key, payload, dead_at, parent) select 'multipliers', 'x', 'k', '{}', now(), id from job_runs`,
    );
    await prune(world);
    expect(await column(world, "select job as x from job_runs where job = 'some-job'")).toHaveLength(1);
  });

  it("deletes old audit entries, except those about money", async () => {
    const world = await openWorld();
    const actions = [
      "admin.request",
      "dead-letters.retry",
      "sale.reverse",
      "commission.release",
      "ledger.drift",
    ];
    await world.query(
      `insert into audit_log (at, actor, action, subject)
       select $2::timestamptz - age * interval '1 day', 'ann', action, 'x' from unnest($1::text[]) as action, unnest(array[401, 399]) as age`,
      [actions, AT],
    );
    expect(await prune(world)).toMatchObject({ audit_log: 2 });
    expect(await column(world, "select action as x from audit_log")).toHaveLength(8);
  });

  it("deletes failed logins, which hold addresses, before other audit entries", async () => {
    for (const [environment, expected] of [
      [{}, ["admin.login-failed 29", "admin.request 29", "admin.request 31"]],
      [
        { FAILED_LOGINS_DAYS: "0" },
        ["admin.login-failed 29", "admin.login-failed 31", "admin.request 29", "admin.request 31"],
      ],
    ] as const) {
      const world = await openWorld({ environment });
      await world.query(
        `insert into audit_log (at, actor, action, subject)
         select $1::timestamptz - age * interval '1 day', 'anonymous', action, 'x'
         from unnest(array['admin.login-failed', 'admin.request']) as action, unnest(array[31, 29]) as age`,
        [AT],
      );
      await prune(world);
      const left = await column(
        world,
        `select action || ' ' || ('2026-06-02'::date - at::date) as x from audit_log where actor = 'anonymous' order by x`,
      );
      expect(left).toEqual(expected);
    }
  });

  it("deletes nothing of a kind whose number of days is 0", async () => {
    const world = await openWorld({
      environment: { INBOX_DAYS: "0", JOB_RUNS_DAYS: "0", AUDIT_LOG_DAYS: "7", FAILED_LOGINS_DAYS: "0" },
    });
    await calls(world, EVENTS_SOURCE, "accepted", [4_000]);
    await runs(world, null, [4_000]);
    await world.query(
      "insert into audit_log (at, actor, action, subject) values ('2026-05-01', 'ann', 'admin.request', 'x')",
    );
    expect(await prune(world)).toEqual({ audit_log: 1, "mib-database": expect.any(Number) });
  });
});

it("a duplicate keeps its hash, not its body", async () => {
  const world = await openWorld();
  const people = await chain(world, await organization(world), 2);
  for (const _ of [1, 2, 3]) await takeSale(world, { buyer: people[1]!, externalId: "a" });
  await takeSale(world, { buyer: people[1]!, externalId: "a", amount: 5n });
  expect(
    await world.query("select outcome, raw is null as bare, length(raw_hash) as hash from inbox order by id"),
  ).toEqual([
    { outcome: "accepted", bare: false, hash: 32 },
    { outcome: "duplicate", bare: true, hash: 32 },
    { outcome: "duplicate", bare: true, hash: 32 },
    { outcome: "conflict", bare: false, hash: 32 },
  ]);
});
