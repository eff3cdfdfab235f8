import { expect } from "vitest";
import type { Letter } from "../../src/ports/mailer.ts";
import { organization } from "./factories.ts";
import * as host from "./platform.ts";
import type { World } from "./world.ts";

export type Told = {
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
  /** Shown in the app too, and read there when it says so. */
  readonly inApp?: "unread" | "read";
};

/** An event, and the decision that somebody is told of it by e-mail. @returns the id of the delivery. */
export async function delivery(world: World, told: Told): Promise<string> {
  const eventType = told.eventType ?? "budget.awarded";
  const eventId = await host.hostEvent(world, eventType, {
    ...told,
    payload: told.payload ?? awarded(told.userId),
  });
  await markTold(world, [eventId]);
  const notificationId = told.inApp ? await notification(world, eventId, eventType, told) : null;
  const decision = told.decision ?? (told.cadence ? "digested" : "now");
  const [row] = await world.query<{ id: string }>(
    `insert into deliveries (event_id, event_type, user_id, channel, notification_id, decision, cadence, reason, not_before, status, decided_at)
     values ($1, $2, $3, 'email', $4, $5, $6, $7, $8, 'pending', $9) returning id`,
    [
      eventId,
      eventType,
      told.userId,
      notificationId,
      decision,
      decision === "digested" ? (told.cadence ?? "hourly") : null,
      told.reason ?? null,
      told.notBefore ?? null,
      told.decidedAt ?? "2026-03-02T00:00:00Z",
    ],
  );
  return row!.id;
}

/** Events whose deliveries the test writes itself: fan-out passes them over. */
export async function markTold(world: World, eventIds: readonly string[]): Promise<void> {
  await world.query(
    "insert into event_outcomes (event_id, outcome, decided_at) select unnest($1::bigint[]), 'told', now()",
    [eventIds],
  );
}

async function notification(world: World, eventId: string, eventType: string, told: Told): Promise<string> {
  const [row] = await world.query<{ id: string }>(
    `insert into notifications (user_id, event_type, event_id, title, body, link, read_at)
     values ($1, $2, $3, 'Told', 'Told.', '/', $4) returning id`,
    [told.userId, eventType, eventId, told.inApp === "read" ? "2026-03-02T01:00:00Z" : null],
  );
  return row!.id;
}

/** The payload of an award, of which the letter says the amount. */
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

/** A project, its owner, and a document in it. */
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

/** An upload that somebody is told of. */
export const uploaded = (
  userId: string,
  { projectId, resourceId, ownerId }: { projectId: string; resourceId: string; ownerId: string },
): Told => ({ userId, eventType: "document_uploaded", payload: {}, projectId, resourceId, actorId: ownerId });

export type EmailRow = { status: string; reason: string | null; deliveryId: string | null; round: number };

export const emailRows = (world: World): Promise<EmailRow[]> =>
  world.query<EmailRow>(`select status, reason, delivery_id as "deliveryId", round from emails order by id`);

/** The deliveries as short texts: `sent`, or `none: read-meanwhile`. */
export const deliveryStates = async (world: World): Promise<string[]> =>
  (
    await world.query<{ status: string; why: string | null }>(
      "select status, case when status = 'none' then reason else error end as why from deliveries where channel = 'email' order by id",
    )
  ).map(({ status, why }) => (why === null ? status : `${status}: ${why}`));

/** No letter tells what another one has told. */
export function expectNoContentTwice(letters: readonly Pick<Letter, "headers">[]): void {
  const keys = letters.map(({ headers }) => headers["X-Entity-Ref-ID"]);
  expect(new Set(keys).size).toBe(keys.length);
}
