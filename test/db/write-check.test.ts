import { describe, expect, it } from "vitest";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { createWorld, type World } from "../support/world.ts";

const ready = async (address: string) => {
  const answer = await fetch(`${address}/health/ready`);
  const { checks } = (await answer.json()) as { checks: { postgres: string } };
  return [answer.status, checks.postgres];
};

/** Counts the writes by which the server is asked, in a sequence: they are rolled back. */
async function countProbes(world: World): Promise<() => Promise<number>> {
  await world.query("create sequence probes minvalue 0");
  await world.query("select setval('probes', 0)");
  await world.query(`create function count_probe() returns trigger language plpgsql as
    $$ begin perform nextval('probes'); return new; end $$`);
  await world.query(`create trigger count_probe before insert on outbox for each row
    when (new.job = 'write-probe') execute function count_probe()`);
  return async () => {
    const [row] = await world.query<{ n: number }>("select last_value::int as n from probes");
    return row!.n;
  };
}

describe("the check that Postgres accepts writes", () => {
  it("writes once after the process has started, and once after Postgres has", async () => {
    const postgres = await ownPostgres();
    const world = await createWorld({ databaseUrl: () => postgres.url });
    const probes = await countProbes(world);
    const address = await serve(world);
    for (let n = 0; n < 3; n++) expect(await ready(address)).toEqual([200, "ok"]);
    expect(await probes()).toBe(1);
    await postgres.stop();
    await postgres.start();
    for (let n = 0; n < 3; n++)
      await eventually(async () => expect(await ready(address)).toEqual([200, "ok"]));
    expect(await probes()).toBe(2);
    expect(await world.enqueued()).toEqual([]);
  });

  it("finds a full disk in a process that has not written yet, and notices by itself that there is space again", async () => {
    const world = await createWorld();
    await world.query(`create function refuse_pages() returns trigger language plpgsql as
      $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$`);
    await world.query(`create trigger refuse_pages before insert on outbox for each row
      when (new.job = 'write-probe') execute function refuse_pages()`);
    const address = await serve(world);
    for (let n = 0; n < 2; n++)
      expect(await ready(address)).toEqual([503, "full: there is no space on its disk (53100)"]);
    await world.query("drop trigger refuse_pages on outbox");
    expect(await ready(address)).toEqual([200, "ok"]);
  });
});
