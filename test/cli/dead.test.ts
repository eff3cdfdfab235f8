import { describe, expect, it } from "vitest";
import { cli, environmentOf } from "../support/cli.ts";
import { createWorld, type World } from "../support/world.ts";

async function letter(world: World, key: string, error: string): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `insert into outbox (queue, job, key, payload, attempts, error, dead_at)
     values ('commissions', 'distribute-commission', $1, jsonb_build_object('saleId', $1::text), 8, $2, now()) returning id`,
    [key, error],
  );
  return (row as { id: string }).id;
}

const DECIDED = ["--reason=the bug is fixed", "--yes"];

const left = (world: World) =>
  world.query("select key, dead_at is not null as dead from outbox order by key");

describe("commonwork dead", () => {
  it("lists and shows dead letters, filtered by error text", async () => {
    const world = await createWorld();
    const id = await letter(world, "1", "23505 ledger_transactions_once");
    await letter(world, "2", "TimeLimitExceeded");
    const list = await cli(environmentOf(world), "dead", "list", "--error", "23505", "--json");
    expect(JSON.parse(list.out)).toMatchObject([{ id, key: "1", attempts: 8 }]);
    expect((await cli(environmentOf(world), "dead", "list")).out).toContain("TimeLimitExceeded");
    expect((await cli(environmentOf(world), "dead", "show", id)).out).toContain('{"saleId":"1"}');
    expect(await cli(environmentOf(world), "dead", "show", "999")).toMatchObject({
      code: 1,
      err: "There is no dead letter 999.\n",
    });
  });

  it("retries only the dead letters of an outage", async () => {
    const world = await createWorld();
    for (const key of ["1", "2", "3"]) await letter(world, key, "57P01");
    await world.query(
      `update outbox set dead_at = case key when '1' then '2026-03-08T01:00Z'::timestamptz when '2' then '2026-03-08T02:30Z' else now() end`,
    );
    const during = ["--since=2026-03-08T02:00:00Z", "--until=2026-03-08T03:00:00Z"];
    const list = await cli(environmentOf(world), "dead", "list", ...during, "--json");
    expect(JSON.parse(list.out)).toMatchObject([{ key: "2" }]);
    await cli(environmentOf(world), "dead", "retry", ...during, ...DECIDED);
    expect(await left(world)).toEqual([
      { key: "1", dead: true },
      { key: "2", dead: false },
      { key: "3", dead: true },
    ]);
    expect(await world.query("select subject from audit_log where action = 'dead-letters.retry'")).toEqual([
      { subject: "outbox?from=2026-03-08T02%3A00%3A00.000Z&until=2026-03-08T03%3A00%3A00.000Z" },
    ]);
    expect((await cli(environmentOf(world), "dead", "list", "--since=2h")).out).toMatch(/ 3 +8 /);
    expect((await cli(environmentOf(world), "dead", "list", "--until=yesterday")).code).toBe(1);
  });

  it("retries some, spread over time, and discards others; the audit log has the actor", async () => {
    const world = await createWorld();
    for (const key of ["1", "2", "3"]) await letter(world, key, "TimeLimitExceeded");
    const other = await letter(world, "4", "23505");
    const retried = await cli(
      environmentOf(world),
      "dead",
      "retry",
      "--error=TimeLimit",
      "--perSecond=1",
      ...DECIDED,
      "--json",
    );
    expect(JSON.parse(retried.out)).toMatchObject({ retried: 3, superseded: 0 });
    const [spread] = await world.query<{ seconds: number }>(
      "select extract(epoch from max(run_at) - min(run_at))::int as seconds from outbox where dead_at is null",
    );
    expect(spread?.seconds).toBe(2);
    expect((await cli(environmentOf(world), "dead", "discard", "--id", other, ...DECIDED)).out).toBe(
      "1 dead letter discarded.\n",
    );
    expect((await left(world)).map(({ key, dead }) => [key, dead])).toEqual([
      ["1", false],
      ["2", false],
      ["3", false],
    ]);
    const audited = await world.query(
      "select actor, action, details->>'reason' as reason from audit_log order by id",
    );
    expect(audited.map(({ action }) => action)).toEqual(["dead-letters.retry", "dead-letters.discard"]);
    for (const { actor, reason } of audited) {
      expect(actor).toMatch(/^cli:./);
      expect(reason).toBe("the bug is fixed");
    }
  });

  it("keeps the stored request of an outside call, unless it is to be prepared anew", async () => {
    const world = await createWorld();
    await letter(world, "1", "call: 422");
    const retryWith = async (...words: string[]) => {
      await world.query(`update outbox set dead_at = now(), request = '{"request": "wrong"}'`);
      await cli(environmentOf(world), "dead", "retry", "--all", ...DECIDED, ...words);
      return world.query("select dead_at, request->>'request' as request from outbox");
    };
    expect(await retryWith()).toEqual([{ dead_at: null, request: "wrong" }]);
    expect(await retryWith("--prepare-anew")).toEqual([{ dead_at: null, request: null }]);
    const audited = await world.query("select details->'prepareAnew' as anew from audit_log order by id");
    expect(audited).toEqual([{ anew: null }, { anew: true }]);
  });

  it("changes nothing without a reason and a confirmation, nor in a dry run", async () => {
    const world = await createWorld();
    await letter(world, "1", "TimeLimitExceeded");
    const run = (...words: string[]) => cli(environmentOf(world), "dead", ...words, "--all");
    for (const verb of ["retry", "discard"]) {
      expect(await run(verb, "--yes")).toMatchObject({ code: 1, err: expect.stringContaining("--reason") });
      expect(await run(verb, "--reason= ", "--yes")).toMatchObject({ code: 1 });
      expect(await run(verb, "--reason=fixed")).toMatchObject({
        code: 1,
        err: expect.stringContaining("--yes"),
      });
      const preview = await run(verb, "--dry-run");
      expect(preview).toMatchObject({ code: 0, out: expect.stringContaining("TimeLimitExceeded") });
      expect(preview.out).toMatch(/1 dead letter would be (retried|discarded)\. Nothing was changed\./);
    }
    expect(await left(world)).toEqual([{ key: "1", dead: true }]);
    expect(await world.query("select 1 from audit_log")).toEqual([]);
  });

  it("changes nothing without a filter or --all, nor with both", async () => {
    const world = await createWorld();
    await letter(world, "1", "x");
    for (const words of [["retry"], ["discard"], ["discard", "--all", "--job=distribute-commission"]]) {
      expect(await cli(environmentOf(world), "dead", ...words)).toMatchObject({
        code: 1,
        err: expect.stringContaining("--all"),
      });
    }
    expect(await left(world)).toEqual([{ key: "1", dead: true }]);
    expect(await cli(environmentOf(world), "dead", "discard", "--all", ...DECIDED)).toMatchObject({
      code: 0,
    });
    expect(await left(world)).toEqual([]);
  });
});
