import { expect } from "vitest";
import type { Email } from "../../src/ports/mailers/mailer.ts";
import { organization } from "./factories.ts";
import * as host from "./platform.ts";
import type { World } from "./world.ts";

export type DeliveryFields = {
  readonly userId: string;
  readonly eventType?: string;
  readonly payload?: Record<string, unknown>;
  readonly projectId?: string;
  readonly resourceId?: string;
  readonly threadId?: string;
  readonly actorId?: string;
  readonly decision?: "now" | "deferred" | "digested";
  readonly cadence?: "hourly" | "daily" | "weekly";
  readonly reason?: string;
  readonly notBefore?: string;
  readonly decidedAt?: string;
  /** Also shown in the app, and read there or not. */
  readonly inApp?: "unread" | "read";
};

/** Inserts an event and an e-mail delivery of it. @returns the id of the delivery. */
export async function delivery(world: World, fields: DeliveryFields): Promise<string> {
  const eventType = fields.eventType ?? "budget.awarded";
  const eventId = await host.hostEvent(world, eventType, {
    ...fields,
    payload: fields.payload ?? awarded(fields.userId),
  });
  await markDecided(world, [eventId]);
  const notificationId = fields.inApp ? await notification(world, eventId, eventType, fields) : null;
  const decision = fields.decision ?? (fields.cadence ? "digested" : "now");
  const [row] = await world.query<{ id: string }>(
    `insert into deliveries (event_id, event_type, user_id, channel, notification_id, decision, cadence, reason, not_before, status, decided_at)
     values ($1, $2, $3, 'email', $4, $5, $6, $7, $8, 'pending', $9) returning id`,
    [
      eventId,
      eventType,
      fields.userId,
      notificationId,
      decision,
      decision === "digested" ? (fields.cadence ?? "hourly") : null,
      fields.reason ?? null,
      fields.notBefore ?? null,
      fields.decidedAt ?? "2026-03-02T00:00:00Z",
    ],
  );
  return row!.id;
}

/** Claims events whose deliveries the test inserts itself, so that fan-out skips them. */
export async function markDecided(world: World, eventIds: readonly string[]): Promise<void> {
  await world.query(
    "insert into event_outcomes (event_id, outcome, decided_at) select unnest($1::bigint[]), 'decided', now()",
    [eventIds],
  );
}

async function notification(
  world: World,
  eventId: string,
  eventType: string,
  fields: DeliveryFields,
): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `insert into notifications (user_id, event_type, event_id, title, body, link, read_at)
     values ($1, $2, $3, 'Title', 'Body.', '/', $4) returning id`,
    [fields.userId, eventType, eventId, fields.inApp === "read" ? "2026-03-02T01:00:00Z" : null],
  );
  return row!.id;
}

/** The payload of `budget.awarded`. The e-mail contains the amount. */
export const awarded = (userId: string, amount = "18.40") => ({
  user_id: userId,
  profile_id: "1",
  organization_id: "1",
  period_id: "1",
  period: "weekly",
  period_start: "2026-02-22",
  rank: 3,
  amount,
});

/** Inserts a project with an owner and a document. */
export async function projectOf(world: World, name = "Riverbank Gardens") {
  const ownerId = await host.user(world, { name: "Ines Duarte", email: "ines@people.test" });
  const projectId = await host.project(world, {
    organizationId: await organization(world),
    createdBy: ownerId,
    name,
  });
  const resourceId = await host.resource(world, { projectId, createdBy: ownerId, name: "Plan.pdf" });
  return { ownerId, projectId, resourceId };
}

/** The fields of a `document_uploaded` delivery. */
export const uploaded = (
  userId: string,
  { projectId, resourceId, ownerId }: { projectId: string; resourceId: string; ownerId: string },
): DeliveryFields => ({
  userId,
  eventType: "document_uploaded",
  payload: {},
  projectId,
  resourceId,
  actorId: ownerId,
});

export type EmailRow = { status: string; reason: string | null; deliveryId: string | null; round: number };

export const emailRows = (world: World): Promise<EmailRow[]> =>
  world.query<EmailRow>(`select status, reason, delivery_id as "deliveryId", round from emails order by id`);

/** The e-mail deliveries as `status`, or `status: reason`. */
export const deliveryStates = async (world: World): Promise<string[]> =>
  (
    await world.query<{ status: string; why: string | null }>(
      "select status, case when status = 'none' then reason else error end as why from deliveries where channel = 'email' order by id",
    )
  ).map(({ status, why }) => (why === null ? status : `${status}: ${why}`));

/** Fails if two e-mails have the same content. */
export function expectNoContentTwice(emails: readonly Pick<Email, "headers">[]): void {
  const keys = emails.map(({ headers }) => headers["X-Entity-Ref-ID"]);
  expect(new Set(keys).size).toBe(keys.length);
}
