import { PAGES } from "../../../src/http/admin/pages.ts";
import { delivery } from "../../support/emails.ts";
import { mirrored } from "../../support/host-platform.ts";
import * as host from "../../support/platform.ts";
import { NOW, rewardsDay } from "../../support/rewards-scene.ts";
import type { World } from "../../support/world.ts";

const ODD = "<img src=x onerror=alert(1)> \u202eevil\u001b[2J עדה 日本";

/** The paths of the pages of the areas, below /admin. */
export const AREAS: readonly string[] = PAGES.filter(
  ({ section }) => section === "Areas" || section === "Records",
).map(({ path }) => path);

/**
 * Something on every page of the areas: sales, budgets, decisions with and without reasons, suppressed
 * addresses, rejected media, a mirror with faults, an audit log.
 *
 * @returns the paths of the pages about one thing, below /admin.
 */
export async function areasDay(world: World): Promise<readonly string[]> {
  world.at(NOW);
  const { people, saleId, heldId, periodId } = await rewardsDay(world);
  const userId = people[0]!.userId;
  await world.query("update users set name = $2, email = 'ada@people.test' where id = $1", [userId, ODD]);
  await host.prefer(world, userId, { status: "digest", eventType: "budget.awarded", channel: "email" });
  const deliveryId = await delivery(world, { userId, inApp: "read" });
  await delivery(world, { userId, cadence: "daily", reason: "frequency" });
  await delivery(world, {
    userId,
    decision: "deferred",
    reason: "quiet-hours",
    notBefore: "2026-03-10T06:00:00Z",
  });
  await world.query(
    "insert into emails (batch_id, user_id, delivery_id, status, reason) values (1, $1, $2, 'failed', $3)",
    [userId, deliveryId, ODD],
  );
  await world.query(
    "insert into email_suppressions (address_hash, reason) values (sha256('ada@people.test'), 'complaint'), (sha256('b'), 'hard_bounce')",
  );
  await world.query(
    `insert into media (owner_id, kind, status, mime_type, rejections, fault, failures, checked_at) values
       ($1, 'IMAGE', 'REJECTED', 'image/png', '[{"reason": "too-large"}]', null, 0, now()),
       ($1, 'VIDEO', 'FAILED_PROCESSING', null, null, 'truncated', 2, now())`,
    [userId],
  );
  await mirrored(world);
  await world.query("insert into mirror_faults (mirror, key, code) values ('users', $1, '23514')", [ODD]);
  await world.query(
    "insert into audit_log (actor, action, subject, details) values ('cli:ada', 'mirror.resume', $1, jsonb_build_object('reason', $1::text))",
    [ODD],
  );
  const [event] = await world.query<{ id: string }>("select event_id as id from deliveries where id = $1", [
    deliveryId,
  ]);
  return [
    `/sales/${saleId}`,
    `/sales/${heldId}`,
    "/sales?id=none",
    `/budgets/${periodId}`,
    `/explain?kind=commission&id=${saleId}`,
    `/notifications/why?user=${userId}&event=${event!.id}`,
    `/notifications/why?event=${event!.id}`,
    `/notifications/why?user=${userId}`,
    "/notifications?within=30+days&reason=frequency",
    "/suppressions?address=ada%40people.test",
    `/people/${userId}`,
    ...["rewards", "matches", "recommendations", "pairs"].map((part) => `/people/${userId}/${part}`),
    "/audit?actor=cli%3Aada",
  ];
}
