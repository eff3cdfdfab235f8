import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { expect, it } from "vitest";
import { serve } from "../http/support.ts";
import { eventually } from "../support/eventually.ts";
import * as platform from "../support/platform.ts";
import { listen, show } from "../support/streams.ts";
import { JWT_SECRET, userToken } from "../support/user-token.ts";
import { createWorld, type World } from "../support/world.ts";

const FAST = { pollMs: 5 };

async function open(onStatement: (text: string) => void = () => undefined) {
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const [ann, bob] = (await platform.users(world, 2)) as [string, string];
  const read: { text: string; rows: number }[] = [];
  const dialect = new PgDialect();
  const drizzle = Object.assign(Object.create(world.db.drizzle) as typeof world.db.drizzle, {
    execute: async (query: SQL) => {
      const { sql: text } = dialect.sqlToQuery(query);
      onStatement(text);
      const result = await world.db.drizzle.execute(query);
      read.push({ text, rows: result.rows.length });
      return result;
    },
  });
  return { world, ann, bob, read, db: { ...world.db, drizzle } };
}

/** Notifications of a user an hour ago. */
const anHourAgo = (world: World, userId: string, count: number) =>
  world.query(
    `insert into notifications (user_id, event_type, event_id, title, body, link, updated_at)
     select $1, 'x', 10000 * $1::bigint + n, 'Old ' || n, '', '/', now() - interval '1 hour' + n * interval '1 second'
     from generate_series(1, $2::int) n`,
    [userId, count],
  );

const titles = ({ events }: Awaited<ReturnType<typeof listen>>) => events().map(({ title }) => title);

it("a stream that resumes reads the missed changes of its own user, no matter who else is connected", async () => {
  const { world, ann, bob, read, db } = await open();
  const address = await serve(world, { db }, { streamIntervals: FAST });
  await anHourAgo(world, ann, 3);
  await anHourAgo(world, bob, 1_000);
  const other = await listen(world, address, bob);
  const resumed = await listen(world, address, ann, { lastEventId: "1-1" });
  await eventually(() => expect(titles(resumed)).toEqual(["Old 1", "Old 2", "Old 3"]));
  await show(world, ann, 1);
  await show(world, bob, 2);
  await eventually(() => expect(titles(resumed)).toContain("Number 1"));
  await eventually(() => expect(titles(other)).toEqual(["Number 2"]));
  expect(Math.max(...read.map(({ rows }) => rows))).toBeLessThan(10);
});

it("a stream that missed too much gets the latest changes, and is told to read the list", async () => {
  const { world, ann } = await open();
  const address = await serve(world, {}, { streamIntervals: FAST });
  await anHourAgo(world, ann, 700);
  const resumed = await listen(world, address, ann, { lastEventId: "1-1" });
  await eventually(() => expect(titles(resumed)).toHaveLength(500));
  expect(titles(resumed)[0]).toBe("Old 201");
  expect(resumed.received.text).toContain("event: incomplete\n");
});

it("a stream whose missed changes cannot be read is ended, and the others continue", async () => {
  const { world, ann, bob, db } = await open((text) => {
    if (text.includes("limit")) throw new Error("canceling statement due to statement timeout");
  });
  const address = await serve(world, { db }, { streamIntervals: FAST });
  const other = await listen(world, address, bob);
  const resumed = await listen(world, address, ann, { lastEventId: "1-1" });
  await eventually(() => expect(resumed.received.ended).toBe(true));
  await show(world, bob, 1);
  await eventually(() => expect(titles(other)).toEqual(["Number 1"]));
  expect(other.received.ended).toBe(false);
});

it("after a gap that is too long for one statement, each stream reads its own changes", async () => {
  const { world, ann, bob, read, db } = await open();
  const address = await serve(world, { db }, { streamIntervals: { ...FAST, maxGapMs: 0 } });
  const streams = [await listen(world, address, ann), await listen(world, address, bob)];
  await eventually(() => expect(read.filter(({ text }) => text.includes("limit")).length).toBeGreaterThan(2));
  await show(world, ann, 1);
  await show(world, bob, 2);
  await eventually(() => expect(streams.map(titles)).toEqual([["Number 1"], ["Number 2"]]));
});

it("a stream ends when the token of its user expires", async () => {
  const { world, ann, bob } = await open();
  const address = await serve(world, {}, { streamIntervals: FAST });
  const now = world.clock.now();
  const inHours = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  const short = await listen(world, address, ann, { token: await userToken(ann, now) });
  const long = await listen(world, address, bob, { token: await userToken(bob, inHours(2)) });
  world.at(inHours(1.5).toISOString());
  await eventually(() => expect(short.received.ended).toBe(true));
  await show(world, bob, 1);
  await eventually(() => expect(titles(long)).toEqual(["Number 1"]));
  expect(long.received.ended).toBe(false);
});

it("a stream ends when its user is removed", async () => {
  const { world, ann, bob } = await open();
  const address = await serve(world, {}, { streamIntervals: { ...FAST, userCheckMs: 10 } });
  const streams = [await listen(world, address, ann), await listen(world, address, bob)];
  await world.query("delete from users where id = $1", [ann]);
  await eventually(() => expect(streams.map(({ received }) => received.ended)).toEqual([true, false]));
});
