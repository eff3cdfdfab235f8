import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import type { Database } from "../../db/client.ts";
import { rows } from "../../db/statement.ts";
import { inTransaction } from "../../db/transaction.ts";
import { followRun, startRun } from "../../queues/manual-runs.ts";
import { syncCalendar } from "../../workers/notifications/calendar/sync-calendar.ts";
import { type CalendarProvider, SLOW_REFRESH_TOKEN } from "./demo-calendar.ts";
import { untilSettled, waitUntil } from "./demo-figures.ts";
import { userToken } from "./demo-try.ts";

type Scene = {
  readonly db: Database;
  readonly address: string;
  readonly jwtSecret: string;
  readonly calendars: CalendarProvider;
};

const REFRESH_TOKEN = "demo-calendar";
const HOUR_MS = 3_600_000;

/** A volunteer connects a calendar that has a meeting with another one. */
export async function aCalendarIsConnected(scene: Scene): Promise<object> {
  const [owner, guest] = await volunteers(scene.db);
  if (!owner || !guest) throw new Error("The community of the demo has no members.");
  const start = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + 26 * HOUR_MS);
  scene.calendars.addMeeting(REFRESH_TOKEN, {
    id: "planting",
    iCalUID: randomUUID(),
    status: "confirmed",
    summary: "Planting day",
    updated: new Date().toISOString(),
    start: { dateTime: start.toISOString() },
    end: { dateTime: new Date(start.getTime() + 2 * HOUR_MS).toISOString() },
    organizer: { email: owner.email, self: true },
    attendees: [
      { email: owner.email, self: true, responseStatus: "accepted" },
      { email: guest.email, responseStatus: "needsAction" },
    ],
  });
  await connect(scene, owner.id, REFRESH_TOKEN);
  return { connectionId: await connectionOf(scene.db, owner.id) };
}

/** An attempt to open a channel that a busy machine interrupted is repeated after ten seconds. */
async function untilChannelIsOpen(db: Database): Promise<void> {
  await waitUntil(async () => {
    await untilSettled(db);
    const open = await rows(db.drizzle, sql`select 1 from calendar_channels where state = 'active' limit 1`);
    return open.length > 0;
  }, "The calendar of the demo has no channel");
}

/** Makes the channel of the calendar due to expire. */
export async function aChannelIsDue({ db }: Scene): Promise<object> {
  await untilChannelIsOpen(db);
  const [due] = await inTransaction(db, (tx) =>
    rows<{ connectionId: string }>(
      tx,
      sql`update calendar_channels set renew_at = now() where state = 'active' returning connection_id as "connectionId"`,
    ),
  );
  if (!due) throw new Error("The calendar of the demo has no channel.");
  return due;
}

/** Simulates that the channel was replaced and the job that closes it was lost. */
export async function aChannelIsReplaced({ db }: Scene): Promise<object> {
  await untilChannelIsOpen(db);
  const [replaced] = await inTransaction(db, (tx) =>
    rows<{ channelId: string }>(
      tx,
      sql`update calendar_channels set state = 'draining' where state = 'active' returning id as "channelId"`,
    ),
  );
  if (!replaced) throw new Error("The calendar of the demo has no channel.");
  return replaced;
}

/**
 * Reads a calendar whose provider takes 12 s, again and again until the signal aborts: so that there is
 * always a run in progress to look at.
 */
export async function keepARunUnderWay(scene: Scene, signal: AbortSignal): Promise<void> {
  const [, , slow] = await volunteers(scene.db);
  if (!slow) return;
  await connect(scene, slow.id, SLOW_REFRESH_TOKEN);
  const connectionId = await connectionOf(scene.db, slow.id);
  while (!signal.aborted) {
    const run = await inTransaction(scene.db, (tx) => startRun(tx, syncCalendar, { connectionId }));
    await followRun(scene.db, run, () => undefined, signal);
  }
}

async function connect(scene: Scene, userId: string, refreshToken: string): Promise<void> {
  const response = await fetch(`${scene.address}/api/v1/calendar-connections/google`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${await userToken(userId, scene.jwtSecret)}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ refresh_token: refreshToken }),
  });
  if (!response.ok) throw new Error(`Connecting a calendar was answered with ${response.status}.`);
}

const volunteers = (db: Database) =>
  rows<{ id: string; email: string }>(
    db.drizzle,
    sql`select u.id, u.email from users u join volunteer_profiles p on p.user_id = u.id order by u.id limit 3`,
  );

async function connectionOf(db: Database, userId: string): Promise<string> {
  const [connection] = await rows<{ id: string }>(
    db.drizzle,
    sql`select id from calendar_connections where user_id = ${userId}`,
  );
  if (!connection) throw new Error(`User ${userId} has no calendar connection.`);
  return connection.id;
}
