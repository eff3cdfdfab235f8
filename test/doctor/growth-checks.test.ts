import { describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { growthFindings } from "../../src/doctor/growth-checks.ts";
import { pruneHistory } from "../../src/workers/maintenance/prune-history.ts";
import { pruneNotifications } from "../../src/workers/notifications/fan-out/prune-notifications.ts";
import { environmentOf } from "../support/cli.ts";
import { faultsOf, line, soundWorld } from "../support/doctor.ts";

describe("commonwork doctor finds", () => {
  it("22: rows that are kept longer than configured", async () => {
    const world = await soundWorld({ at: new Date().toISOString() });
    const days = (age: number) => `now() - interval '${age} days'`;
    await world.query(
      `insert into inbox (source, outcome, raw, raw_hash, received_at) values ('resend', 'accepted', 'x', 'x', ${days(93)} + interval '1 hour')`,
    );
    await world.query(
      `insert into job_runs (job, trigger, schedule, slot, input, status, created_at, finished_at)
       values ('trending', 'schedule', 'trending', ${days(500)}, '{}', 'done', ${days(500)}, ${days(500)})`,
    );
    expect(await faultsOf(environmentOf(world))).toEqual([]);
    await world.query(`update inbox set received_at = ${days(120)} - interval '1 hour'`);
    await world.query(
      `insert into email_events (message_id, provider_id, kind, occurred_at, created_at) values ('m', 'p', 'delivered', now(), ${days(300)} - interval '1 hour')`,
    );
    const faults = await faultsOf(environmentOf(world));
    expect(faults).toEqual([
      line("Retention", "Old rows are not deleted: inbox (120 days old, 90 are kept).", "warning"),
      line("Retention", "Old rows are not deleted: email_events (300 days old, 180 are kept).", "warning"),
    ]);
    expect(faults[0]?.action).toContain("`commonwork run prune-history` deletes them now");
    await world.perform(pruneHistory, {});
    await world.perform(pruneNotifications, {});
    await world.drain();
    expect(await faultsOf(environmentOf(world))).toEqual([]);
  });

  it("23: a table that doubled within a week, as far as the nightly run has counted sizes", async () => {
    const world = await soundWorld({ at: new Date().toISOString() });
    const grown = async () =>
      (await examine({ environment: environmentOf(world) })).find(({ check }) => check === "Growth");
    expect(await grown()).toMatchObject({
      status: "ok",
      found: expect.stringContaining("no sizes of a week ago yet"),
    });
    await world.perform(pruneHistory, {});
    await world.drain();
    await world.query(
      "update job_runs set created_at = now() - interval '8 days', finished_at = now() - interval '8 days' where job = 'prune-history'",
    );
    expect(await grown()).toMatchObject({
      status: "ok",
      found: expect.stringMatching(/^database \d+ MiB, [+-]\d+ MiB in 8 days$/),
    });
    const before = { database: 3_000, tables: { outbox: 900, inbox: 1_500 } };
    const growthTo = (outbox: number, inbox: number, database: number) =>
      growthFindings({ database, tables: { outbox, inbox } }, { daysAgo: 8, sizes: before }).map(
        ({ found }) => found,
      );
    expect(growthTo(1_900, 2_600, 4_000)).toEqual([]);
    expect(growthTo(1_924, 2_600, 5_000)).toEqual(["The table outbox grew from 900 to 1924 MiB in 8 days."]);
    expect(growthTo(900, 1_500, 6_500)).toEqual(["The database grew from 3000 to 6500 MiB in 8 days."]);
  });
});
