import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renewCalendarWatches } from "../../src/workers/notifications/calendar/renew-calendar-watches.ts";
import {
  type Connected,
  calendarWorld,
  DAY_MS,
  expectOneChannel,
  heard,
  later,
  statesOf,
} from "../support/calendars.ts";
import type { FakeGoogle } from "../support/google.ts";
import { size } from "../support/sizes.ts";
import type { World } from "../support/world.ts";

/** Where a renewal can be interrupted: between any two of its steps, and before and after each call. */
const CRASHES = [
  "before the new channel is written down",
  "before Google is asked for it",
  "when Google has opened it and nobody knows",
  "when Google has answered and nothing is stored",
  "before the old channel is asked to be closed",
  "when Google has closed the old channel and nobody knows",
  "when Google has answered and the end of the old channel is not stored",
] as const;
type Crash = (typeof CRASHES)[number];

/** The next such write fails at its commit, as if the process had died just before it. */
async function failNextCommit(world: World, when: string): Promise<void> {
  await world.query("create sequence if not exists crashes");
  await world.query("select setval('crashes', 1, false)");
  await world.query(`create or replace function crash_once() returns trigger language plpgsql as $$
    begin
      if ${when} and nextval('crashes') = 1 then raise exception 'crash'; end if;
      return null;
    end $$`);
  await world.query("drop trigger if exists crash_once on calendar_channels");
  await world.query(
    `create constraint trigger crash_once after insert or update on calendar_channels
     deferrable initially deferred for each row execute function crash_once()`,
  );
}

async function arrange(crash: Crash, world: World, google: FakeGoogle): Promise<void> {
  if (crash === CRASHES[0]) return failNextCommit(world, "new.state = 'creating'");
  if (crash === CRASHES[1]) return google.fail("watch", "drop");
  if (crash === CRASHES[2]) return google.fail("watch", "drop after");
  if (crash === CRASHES[3])
    return failNextCommit(world, "new.state = 'active' and tg_op = 'UPDATE' and old.state = 'creating'");
  if (crash === CRASHES[4]) return google.fail("stop", "drop");
  if (crash === CRASHES[5]) return google.fail("stop", "drop after");
  return failNextCommit(world, "new.state = 'stopped'");
}

/**
 * All enqueued work is lost, with whatever was running: the next run has only the recorded state of channels.
 */
async function dieCompletely(world: World): Promise<void> {
  await world.query("delete from outbox");
  await world.query("drop trigger if exists crash_once on calendar_channels");
}

/** Checks during calls too: there must always be a channel. */
function watchOver(world: World, google: FakeGoogle): { least: number; connected: Connected | null } {
  const seen = { least: Number.POSITIVE_INFINITY, connected: null as Connected | null };
  google.observe = async () => {
    if (seen.connected === null) return;
    seen.least = Math.min(seen.least, (await heard(world, google, seen.connected)).length);
  };
  return seen;
}

/** The next pass, hours later, when every back-off has elapsed. */
async function renew(world: World): Promise<void> {
  await world.skipBackOff();
  await world.perform(renewCalendarWatches, { full: true });
  await world.drain();
}

describe("an interrupted renewal", () => {
  it.each(CRASHES)("%s: the old channel keeps working, and the next run repairs it", async (crash) => {
    const { world, google, connect } = await calendarWorld();
    const connected = await connect("grant-1");
    await world.drain();
    later(world, 6 * DAY_MS);
    const seen = watchOver(world, google);
    seen.connected = connected;
    await arrange(crash, world, google);
    await renew(world);
    expect((await heard(world, google, connected)).length).toBeGreaterThanOrEqual(1);
    await dieCompletely(world);
    later(world, 3_600_000);
    await renew(world);
    expect(seen.least).toBeGreaterThanOrEqual(1);
    const states = await statesOf(world, connected.connectionId);
    expect(states.filter((state) => state === "active")).toHaveLength(1);
    expect(states).not.toContain("creating");
    // A channel with an unknown resource expires: all others are closed.
    const lost = crash === CRASHES[2] || crash === CRASHES[3] ? 1 : 0;
    expect(google.live("grant-1")).toHaveLength(1 + lost);
    for (let days = 0; days < 9; days++) {
      later(world, DAY_MS);
      await renew(world);
    }
    await expectOneChannel(world, google, connected);
  });

  it("at random, repeatedly: never without a channel, and repaired once the crashes stop", async () => {
    const { world, google, connect } = await calendarWorld();
    const seen = watchOver(world, google);
    let drawn = 0;
    // All within the 48 hours that are left when a renewal is due, so there is always time for one more.
    const step = fc.record({
      crash: fc.option(fc.constantFrom(...CRASHES)),
      losesWork: fc.boolean(),
      hours: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 11 }), async (steps) => {
        Object.assign(seen, { least: Number.POSITIVE_INFINITY, connected: null });
        google.faults.length = 0;
        await dieCompletely(world);
        const connected = await connect(`grant-${++drawn}`);
        await world.drain();
        later(world, 5 * DAY_MS);
        seen.connected = connected;
        for (const { crash, losesWork, hours } of steps) {
          later(world, hours * 3_600_000);
          if (crash !== null) await arrange(crash, world, google);
          await renew(world);
          if (losesWork) await dieCompletely(world);
          expect((await heard(world, google, connected)).length).toBeGreaterThanOrEqual(1);
        }
        google.faults.length = 0;
        await dieCompletely(world);
        later(world, 3_600_000);
        await renew(world);
        // Lost channels expire within seven days; the passes continue until then.
        for (let days = 0; days < 9; days++) {
          later(world, DAY_MS);
          await renew(world);
        }
        expect(seen.least).toBeGreaterThanOrEqual(1);
        await expectOneChannel(world, google, connected);
        await world.query("delete from calendar_connections");
      }),
      { numRuns: size(5, 200), endOnFailure: true },
    );
  });
});
