import { describe, expect, it } from "vitest";
import { pollCalendars } from "../../../../src/workers/notifications/calendar/poll-calendars.ts";
import { syncCalendar } from "../../../../src/workers/notifications/calendar/sync-calendar.ts";
import { later } from "../../../support/calendars.ts";
import { countQueries } from "../../../support/count-queries.ts";
import { meetingsOf, meetingWorld } from "../../../support/meetings.ts";
import { createWorld } from "../../../support/world.ts";

const HALF_HOUR_MS = 30 * 60_000;

describe("poll-calendars", () => {
  it("finds changes without a push within six hours", async () => {
    const { world, google, person, guest, meet } = await meetingWorld();
    const [ada, bob] = [await person("ada"), await guest("bob")];
    await world.drain();
    google.losesPushes = true;
    meet("m1", [ada, bob]);
    await google.push(ada.grant);
    const passes: number[] = [];
    for (let pass = 0; pass < 12; pass++) {
      later(world, HALF_HOUR_MS);
      await world.perform(pollCalendars, {});
      if ((await world.enqueued(syncCalendar)).length > 0) passes.push(pass);
      await world.drain();
    }
    expect(passes).toEqual([10]);
    expect(await meetingsOf(world)).toHaveLength(1);
  });

  it("skips connections that are not active", async () => {
    const { world, google, person } = await meetingWorld();
    const ada = await person("ada");
    google.revoke(ada.grant);
    await world.drain();
    later(world, 24 * 60 * 60_000);
    expect(await world.perform(pollCalendars, {})).toMatchObject({ counts: { reading: 0 } });
  });

  it("sends as many statements for 300 calendars as for 3", async () => {
    const { world } = await meetingWorld();
    const plant = (count: number) =>
      world.query(
        `with people as (insert into users (name) select '' from generate_series(1, $1::int) returning id)
         insert into calendar_connections (user_id, provider, refresh_token) select id, 'google', 'v1.00000000.x' from people`,
        [count],
      );
    await plant(3);
    const few = await countQueries(world, () => world.perform(pollCalendars, {}));
    await plant(297);
    expect(await countQueries(world, () => world.perform(pollCalendars, {}))).toBe(few);
    expect(await world.enqueued(syncCalendar)).toHaveLength(300);
  });

  it("is skipped when no provider is configured", async () => {
    expect(await (await createWorld()).perform(pollCalendars, {})).toMatchObject({
      reasons: { "GOOGLE_CLIENT_ID is not set: no calendar provider is configured": 1 },
    });
  });
});
