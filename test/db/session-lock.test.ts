import { describe, expect, inject, it } from "vitest";
import { openDatabase } from "../../src/db/client.ts";
import { withSessionLock } from "../../src/db/session-lock.ts";
import { eventually } from "../support/eventually.ts";
import { gate } from "../support/gate.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { createWorld } from "../support/world.ts";

const KEY = "4711";
const nothing = async () => undefined;

describe("withSessionLock", () => {
  it("lets one session work at a time, and gives the lock back, also when the work throws", async () => {
    const { db } = await createWorld();
    const inner: boolean[] = [];
    const held = await withSessionLock(db, KEY, async () => {
      inner.push(await withSessionLock(db, KEY, nothing));
    });
    expect([held, inner]).toEqual([true, [false]]);
    await expect(withSessionLock(db, KEY, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await eventually(async () => expect(await withSessionLock(db, KEY, nothing)).toBe(true));
  });

  it("leaves no time limit behind on the connection", async () => {
    const world = await createWorld();
    const db = openDatabase(world.config, { max: 1 });
    world.closing(() => db.close());
    await withSessionLock(db, KEY, nothing);
    expect((await db.pool.query("show idle_session_timeout")).rows).toEqual([{ idle_session_timeout: "0" }]);
  });

  it("keeps the lock of work that takes longer than an idle session may, and frees that of a lost host", async () => {
    const proxy = await tcpProxy(Number(new URL(inject("databaseUrl")).port));
    const world = await createWorld();
    const db = openDatabase({ ...world.config, databaseUrl: proxy.through(world.config.databaseUrl) });
    world.closing(() => db.close());
    const [taken, work] = [gate(), gate()];
    const held = withSessionLock(db, KEY, async () => {
      taken.open();
      await work.passed;
    });
    await taken.passed;
    const acquire = () => withSessionLock(world.db, KEY, nothing);
    const heldMs = async () => {
      const [row] = await world.query<{ ms: number }>(
        `select 1000 * extract(epoch from now() - backend_start)::float8 as ms
         from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and objid = ${KEY}`,
      );
      return row?.ms ?? 0;
    };
    await eventually(async () => expect(await heldMs()).toBeGreaterThan(7_000));
    expect(await acquire()).toBe(false);

    const endOrphans = proxy.halfOpen();
    world.closing(async () => endOrphans());
    await eventually(async () => expect(await acquire()).toBe(true));
    work.open();
    await expect(held).resolves.toBe(true);
  });
});
