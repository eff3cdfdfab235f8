import { describe, expect, it } from "vitest";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { notifyRecipients } from "../../../../src/workers/notifications/fan-out/notify-recipients.ts";
import { markDecided } from "../../../support/emails.ts";
import * as factory from "../../../support/factories.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { performRanged } from "../../../support/jobs.ts";
import { decided, decisions, notifications } from "../../../support/notified.ts";
import * as platform from "../../../support/platform.ts";
import { rangedCases } from "../../../support/ranged-cases.ts";
import { createWorld, type World } from "../../../support/world.ts";

/** A project with a document, which `count` users may see, and its owner. */
async function library(world: World, count: number) {
  const owner = await platform.user(world, { name: "Ines", email: "ines@people.test" });
  const organizationId = await factory.organization(world);
  await platform.organizationMember(world, organizationId, owner, "owner");
  const projectId = await platform.project(world, { organizationId, createdBy: owner });
  const resourceId = await platform.resource(world, { projectId, createdBy: owner });
  await world.query(
    `with readers as (
       insert into users (name, email) select 'Reader ' || n, 'reader' || n || '@people.test' from generate_series(1, $2::int) n returning id)
     insert into project_access_grants (project_id, user_id, permission) select $1, id, 'view' from readers`,
    [projectId, count],
  );
  const about = { actorId: owner, projectId, resourceId };
  return { owner, projectId, upload: () => platform.hostEvent(world, "document_uploaded", about) };
}

/**
 * The events that have a row in the app, a decision about e-mail and a delivery in the app, for each user.
 */
const counted = async (world: World) =>
  (
    await world.query<{ shown: number; in_app: number; email: number }>(
      `select (select count(distinct user_id)::int from notifications) as shown,
              (select count(distinct d.user_id)::int from deliveries d join notifications n on n.id = d.notification_id and n.user_id = d.user_id
               where d.channel = 'in_app' and d.decision = 'now') as in_app,
              (select count(distinct d.user_id)::int from deliveries d join notifications n on n.id = d.notification_id and n.user_id = d.user_id
               where d.channel = 'email' and d.decision = 'digested') as email`,
    )
  )[0];

fiveCases(notifyRecipients, async () => {
  const world = await createWorld();
  await world.query("alter table domain_events disable trigger domain_events_ask_for_fan_out");
  const { upload } = await library(world, 3);
  const eventId = await upload();
  await markDecided(world, [eventId]);
  return {
    world,
    payload: { eventId },
    rowGone: async () => ({ eventId: "999" }),
    effectIn: "deliveries",
    effectIsThereOnce: async () => {
      expect(await notifications(world)).toHaveLength(3);
      expect(await decisions(world)).toHaveLength(6);
    },
    nothingHappened: async () => expect(await decisions(world)).toEqual([]),
  };
});

rangedCases(notifyRecipients, async () => {
  const world = await createWorld();
  await world.query("alter table domain_events disable trigger domain_events_ask_for_fan_out");
  const { upload } = await library(world, 5_500);
  const eventId = await upload();
  await markDecided(world, [eventId]);
  return {
    world,
    payload: { eventId },
    ranges: 2,
    effectIn: "deliveries",
    effectsAreThereOnce: async () => {
      expect(await counted(world)).toEqual({ shown: 5_500, in_app: 5_500, email: 5_500 });
      expect(await world.query("select count(*)::int as n from deliveries")).toEqual([{ n: 11_000 }]);
    },
    nothingHappened: async () => expect(await decisions(world)).toEqual([]),
  };
});

describe("an event with many recipients", () => {
  it("faults 17: notifies each of 20,000 recipients once, in ranges of bounded size", async () => {
    const world = await createWorld();
    const { upload } = await library(world, 20_000);
    const eventId = await upload();
    await world.drain();
    expect(await counted(world)).toEqual({ shown: 20_000, in_app: 20_000, email: 20_000 });
    expect(await world.query("select count(*)::int as n from notifications")).toEqual([{ n: 20_000 }]);
    expect(await world.query("select count(*)::int as n from deliveries")).toEqual([{ n: 40_000 }]);
    expect(
      await world.query("select job, total, counts, status from job_runs where job = 'notify-recipients'"),
    ).toEqual([
      {
        job: "notify-recipients",
        total: 5,
        counts: { shown: 20_000, "e-mail digested": 20_000 },
        status: "done",
      },
    ]);
    await performRanged(world, notifyRecipients, { eventId });
    expect(await world.query("select count(*)::int as n from deliveries")).toEqual([{ n: 40_000 }]);
  });

  it("does not delay other events of its group, and postpones those that do not fit beside them", async () => {
    const world = await createWorld();
    const large = await library(world, 10_001);
    const medium = await library(world, 6_000);
    const small = await library(world, 2);
    const events = [await large.upload(), await medium.upload(), await medium.upload(), await small.upload()];
    const entries = await world.enqueued(notifyFanOut);
    const tally = await world.run(
      notifyFanOut,
      entries.map(({ id }) => id),
    );
    expect(tally).toMatchObject({ done: 4, retry: 0, dead: 0 });
    expect(tally.counts).toMatchObject({ events: 1, "events with ranges of recipients": 1 });
    await world.drain();
    const told = await world.query(
      "select event_id, count(distinct user_id)::int as users from deliveries group by 1 order by 1",
    );
    expect(told).toEqual(
      [10_001, 6_000, 6_000, 2].map((users, index) => ({ event_id: events[index], users })),
    );
    expect(await world.query("select 1 from event_outcomes where outcome = 'decided'")).toHaveLength(4);
    expect(await world.enqueued()).toEqual([]);
  });

  it("issue 14: a backlog of a large thread is postponed in entries of as many messages as fit", async () => {
    const world = await createWorld();
    const [sender] = (await platform.users(world, 1)) as [string];
    await world.query("insert into users (name) select 'Reader ' || n from generate_series(1, 4000) n");
    const threadId = await platform.thread(world, { participants: [sender] });
    await world.query(
      "insert into chat_thread_participants (thread_id, user_id) select $1, id from users where id > $2",
      [threadId, sender],
    );
    await world.query(
      `with message as (insert into messages (thread_id, sender_id, body) select $1, $2, 'Hello' from generate_series(1, 90) returning id)
       insert into domain_events (event_type, actor_id, thread_id, payload)
       select 'chat_message_sent', $2, $1, jsonb_build_object('message_id', id::text) from message`,
      [threadId, sender],
    );
    const [entry] = await world.enqueued(notifyFanOut);
    await world.run(notifyFanOut, [entry!.id]);
    const sizes = (await world.enqueued(notifyFanOut)).map(
      ({ payload }) => (payload as { eventIds: string[] }).eventIds.length,
    );
    expect(sizes).toEqual(Array.from({ length: 44 }, () => 2));
  });

  it("decides for each user as it would alone: preferences, quiet hours, limits, unsubscription", async () => {
    const world = await createWorld({ at: "2026-06-02T06:00:00Z" });
    const { projectId, upload } = await library(world, 8);
    await world.query(
      `with reader as (select user_id as id, row_number() over (order by user_id) as n from project_access_grants),
       preferred as (
         insert into notification_preferences (user_id, scope_type, scope_id, event_type, channel, status)
         select id, scope, scope_id, '*', channel, status from reader
         join (values (1, 'global', null::bigint, '*', 'muted'), (2, 'project', $1::bigint, 'email', 'immediate'),
                      (3, 'project', $1 + 1, '*', 'muted'), (4, 'global', null, 'email', 'immediate'),
                      (5, 'global', null, 'in_app', 'muted'), (6, 'thread', 7, '*', 'muted')) p(n, scope, scope_id, channel, status) using (n))
       insert into user_notification_settings (user_id, quiet_from, quiet_to, unsubscribed_types, frequency)
       select id, case when n = 4 then 1320 end, case when n = 4 then 420 end,
              case when n = 7 then '{document_uploaded}'::text[] else '{}' end, case when n = 8 then 'weekly' else 'immediate' end
       from reader where n in (4, 7, 8)`,
      [projectId],
    );
    await world.query("update users set time_zone = 'Europe/Berlin' where id = (select max(id) from users)");
    const eventId = await upload();
    await world.drain();
    const alone = await decided(world, eventId);
    await world.query("truncate deliveries, notifications");
    await performRanged(world, notifyRecipients, { eventId });
    expect(await decided(world, eventId)).toEqual(alone);
    const reasons = alone.map((text) => text.replace(/^\d+ /, ""));
    expect(reasons).toContain("in_app skipped muted");
    expect(reasons).toContain("email deferred quiet-hours");
    expect(reasons).toContain("email now");
    expect(reasons).toContain("email skipped unsubscribed");
    expect(reasons).toContain("email digested weekly frequency");
  });

  it("leaves an event alone that was not claimed", async () => {
    const world = await createWorld();
    const { upload } = await library(world, 3);
    const eventId = await upload();
    await performRanged(world, notifyRecipients, { eventId });
    expect(await decisions(world)).toEqual([]);
  });

  it("counts messages of a thread with more participants than a range", async () => {
    const world = await createWorld();
    const [sender] = (await platform.users(world, 1)) as [string];
    await world.query("insert into users (name) select 'Reader ' || n from generate_series(1, 10500) n");
    const threadId = await platform.thread(world, { participants: [sender] });
    await world.query(
      "insert into chat_thread_participants (thread_id, user_id) select $1, id from users where id > $2",
      [threadId, sender],
    );
    for (let n = 0; n < 2; n++) {
      const messageId = await platform.message(world, { threadId, senderId: sender });
      await platform.hostEvent(world, "chat_message_sent", {
        threadId,
        actorId: sender,
        payload: { message_id: messageId },
      });
    }
    await world.drain();
    expect(
      await world.query("select title, count, count(*)::int as n from notifications group by 1, 2"),
    ).toEqual([{ title: "2 new messages in Watering", count: 2, n: 10_500 }]);
  });
});
