import { expect } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { connectCalendar } from "../../src/intake/calendar-connections.ts";
import { type FakeGoogle, fakeGoogle, type GoogleChannel } from "./google.ts";
import { createWorld, type World, type WorldOptions } from "./world.ts";

export const KEYS = ["11".repeat(32), "22".repeat(32)] as const;

export const DAY_MS = 24 * 3_600_000;

/** The variables that configure a fake Google. */
export const googleVariables = (google: Pick<FakeGoogle, "url">): Record<string, string> => ({
  TOKEN_ENCRYPTION_KEY: KEYS[0],
  GOOGLE_CLIENT_ID: "client-1",
  GOOGLE_CLIENT_SECRET: "client-secret-1",
  GOOGLE_CALENDAR_WEBHOOK_URL: "http://127.0.0.1:9/webhooks/google_calendar",
  GOOGLE_API_URL: `${google.url}/`,
  GOOGLE_TOKEN_URL: `${google.url}/token`,
});

/** A world with calendars, and a fake Google with the same clock. */
export async function calendarWorld(
  options: WorldOptions = {},
): Promise<{ world: World; google: FakeGoogle; connect: (grant: string) => Promise<Connected> }> {
  const google = await fakeGoogle();
  const world = await createWorld({
    at: "2026-03-02T02:00:00Z",
    ...options,
    environment: { ...googleVariables(google), ...options.environment },
  });
  google.now = () => world.clock.now();
  return { world, google, connect: (grant) => connectUser(world, google, grant) };
}

export type Connected = { userId: string; connectionId: string; grant: string };

/** A user with a connected calendar. Google has not been called yet. */
async function connectUser(world: World, google: FakeGoogle, grant: string): Promise<Connected> {
  const [user] = await world.query<{ id: string }>("insert into users (name) values ('') returning id");
  const userId = user!.id;
  google.grants.add(grant);
  return { userId, grant, connectionId: await reconnect(world, google, userId, grant) };
}

export async function reconnect(
  world: World,
  google: FakeGoogle,
  userId: string,
  grant: string,
): Promise<string> {
  google.grants.add(grant);
  return inTransaction(world.db, (tx) =>
    connectCalendar(tx, { port: world.ports.calendar!, userId, refreshToken: grant, now: world.clock.now() }),
  );
}

export type ChannelRow = {
  id: string;
  connection: string;
  state: string;
  expires: Date | null;
  renew: Date | null;
};

export const channelsOf = (world: World, connectionId: string): Promise<ChannelRow[]> =>
  world.query<ChannelRow>(
    `select id, connection_id as connection, state, expires_at as expires, renew_at as renew
     from calendar_channels where connection_id = $1 order by created_at, id`,
    [connectionId],
  );

export const statesOf = async (world: World, connectionId: string): Promise<string[]> =>
  (await channelsOf(world, connectionId)).map(({ state }) => state);

/** Channels that are open at Google and accepted here. */
export async function heard(
  world: World,
  google: FakeGoogle,
  connected: Connected,
): Promise<GoogleChannel[]> {
  const listening = (await channelsOf(world, connected.connectionId)).filter(({ state }) =>
    ["active", "draining"].includes(state),
  );
  return google.live(connected.grant).filter(({ id }) => listening.some((row) => row.id === id));
}

/** One channel at Google, and it is the one recorded as active. */
export async function expectOneChannel(
  world: World,
  google: FakeGoogle,
  connected: Connected,
): Promise<void> {
  const active = (await channelsOf(world, connected.connectionId)).filter(({ state }) => state === "active");
  expect(google.live(connected.grant).map(({ id }) => id)).toEqual(active.map(({ id }) => id));
  expect(active).toHaveLength(1);
}

/** Moves the clock of the world and of its Google. */
export const later = (world: World, ms: number): void =>
  world.at(new Date(world.clock.now().getTime() + ms).toISOString());
