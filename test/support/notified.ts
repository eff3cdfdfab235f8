import type { World } from "./world.ts";

export type DeliveryRow = {
  event_id: string;
  user_id: string;
  channel: string;
  decision: string;
  cadence: string | null;
  reason: string | null;
  status: string;
  notification_id: string | null;
};

/** The deliveries, by event, user and channel. */
export const decisions = (world: World, eventId?: string): Promise<DeliveryRow[]> =>
  world.query<DeliveryRow>(
    `select event_id, user_id, channel, decision, cadence, reason, status, notification_id from deliveries
     where $1::bigint is null or event_id = $1 order by event_id, user_id, channel desc`,
    [eventId ?? null],
  );

/** The deliveries as `user channel decision cadence reason`: `7 email digested hourly throttle`. */
export const decided = async (world: World, eventId?: string): Promise<string[]> =>
  (await decisions(world, eventId)).map(({ user_id, channel, decision, cadence, reason }) =>
    [user_id, channel, decision, cadence, reason].filter((part) => part !== null).join(" "),
  );

export type NotificationRow = {
  id: string;
  user_id: string;
  event_id: string;
  title: string;
  body: string;
  link: string;
  count: number;
  read_at: Date | null;
};

/** The notifications shown in the app. */
export const notifications = (world: World): Promise<NotificationRow[]> =>
  world.query<NotificationRow>(
    "select id, user_id, event_id, title, body, link, count, read_at from notifications order by id",
  );

export const outcomes = (world: World) =>
  world.query<{ event_id: string; outcome: string; reason: string | null }>(
    "select event_id, outcome, reason from event_outcomes order by event_id",
  );
