import { describe, expect, it } from "vitest";
import * as factory from "../support/factories.ts";
import * as platform from "../support/platform.ts";
import { createWorld } from "../support/world.ts";

describe("the constraints of the notification tables reject", () => {
  it("defect 10: a second global preference for the same thing", async () => {
    const world = await createWorld();
    const userId = await platform.user(world);
    const insert = () =>
      world.query(
        `insert into notification_preferences (user_id, scope_type, event_type, channel, status)
         values ($1, 'global', '*', '*', 'muted')`,
        [userId],
      );
    await insert();
    await expect(insert()).rejects.toMatchObject({ constraint: "notification_preferences_once" });
  });

  it("defect 4: a second delivery of an event, user and channel, and a second notification of an event and user", async () => {
    const world = await createWorld();
    const decide = (channel: string) =>
      world.query(
        `insert into deliveries (event_id, event_type, user_id, channel, decision, status)
         values (1, 'x', 2, $1, 'now', 'pending')`,
        [channel],
      );
    await decide("in_app");
    await decide("email");
    await expect(decide("email")).rejects.toMatchObject({ constraint: "deliveries_once" });
    const notify = () =>
      world.query(
        "insert into notifications (user_id, event_type, event_id, title, body, link) values (2, 'x', 1, '', '', '/')",
      );
    await notify();
    await expect(notify()).rejects.toMatchObject({ constraint: "notifications_once" });
  });

  it("a second unread counting row of a thread, but not after the first was read", async () => {
    const world = await createWorld();
    const count = (eventId: number) =>
      world.query(
        `insert into notifications (user_id, event_type, event_id, thread_id, title, body, link, counting)
         values (2, 'chat_message_sent', $1, 3, '', '', '/', true)`,
        [eventId],
      );
    await count(1);
    await expect(count(2)).rejects.toMatchObject({ constraint: "notifications_counting" });
    await world.query("update notifications set read_at = now()");
    await count(2);
  });

  it.each([
    ["digested without a digest", "'digested', null, null, 'pending', null"],
    ["skipped without a reason", "'skipped', null, null, 'none', null"],
    ["skipped and yet to be sent", "'skipped', null, 'muted', 'pending', null"],
    ["deferred to no time", "'deferred', null, 'quiet-hours', 'pending', null"],
  ])("a delivery that is %s", async (_, values) => {
    const world = await createWorld();
    const insert = world.query(
      `insert into deliveries (event_id, event_type, user_id, channel, decision, cadence, reason, status, not_before)
       values (1, 'x', 2, 'email', ${values})`,
    );
    await expect(insert).rejects.toMatchObject({ code: "23514" });
  });
});

it("deleting a user deletes the user's rows and leaves those of others", async () => {
  const world = await createWorld();
  const organizationId = await factory.organization(world);
  const [owner, leaver] = (await platform.users(world, 2)) as [string, string];
  const projectId = await platform.project(world, { organizationId, createdBy: owner });
  const resourceId = await platform.resource(world, { projectId, createdBy: leaver });
  const threadId = await platform.thread(world, { participants: [owner, leaver], projectId });
  await platform.message(world, { threadId, senderId: owner });
  const participants = [owner, leaver];
  await platform.meeting(world, { organizerId: owner, startTime: "2026-03-08T02:00Z", participants });
  await platform.organizationMember(world, organizationId, leaver);
  await platform.grant(world, projectId, leaver);
  await platform.permit(world, resourceId, leaver, "edit");
  await platform.prefer(world, leaver, { status: "muted" });
  await platform.notificationSettings(world, leaver, { frequency: "daily" });
  await platform.hostEvent(world, "document_uploaded", { actorId: leaver, resourceId });
  await world.query("delete from users where id = $1", [leaver]);
  const [left] = await world.query(
    `select (select count(*) from organization_members where user_id = $1) + (select count(*) from project_access_grants)
          + (select count(*) from notification_preferences) + (select count(*) from user_notification_settings)
          + (select count(*) from resource_permissions) as gone,
            (select array_agg(user_id) from chat_thread_participants) as talking,
            (select array_agg(user_id) from meeting_participants) as meeting,
            (select created_by from resources) as creator,
            (select actor_id from domain_events) as actor`,
    [leaver],
  );
  expect(left).toEqual({ gone: "0", talking: [owner], meeting: [owner], creator: null, actor: leaver });
});
