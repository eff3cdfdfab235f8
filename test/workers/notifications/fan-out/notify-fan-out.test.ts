import { describe, expect, it, vi } from "vitest";
import { inTransaction } from "../../../../src/db/transaction.ts";
import { notifyFanOut } from "../../../../src/workers/notifications/fan-out/notify-fan-out.ts";
import { countQueries } from "../../../support/count-queries.ts";
import * as factory from "../../../support/factories.ts";
import { fiveCases } from "../../../support/five-cases.ts";
import { decided, decisions, notifications, outcomes } from "../../../support/notified.ts";
import * as platform from "../../../support/platform.ts";
import { recordStatements } from "../../../support/statements.ts";
import { createWorld, type World, type WorldOptions } from "../../../support/world.ts";

type People = readonly [string, string, string, string];

/** A project with an owner, an editor, a viewer and a stranger. */
async function garden(options: WorldOptions = {}) {
  const world = await createWorld(options);
  const people = (await platform.users(world, 4)) as unknown as People;
  const [owner, editor, viewer] = people;
  const organizationId = await factory.organization(world);
  await platform.organizationMember(world, organizationId, owner, "owner");
  const projectId = await platform.project(world, { organizationId, createdBy: owner });
  await platform.grant(world, projectId, editor, "edit");
  await platform.grant(world, projectId, viewer);
  const resourceId = await platform.resource(world, { projectId, createdBy: editor });
  return { world, people, organizationId, projectId, resourceId };
}

/** Runs the entry that the trigger wrote for an event. */
async function tell(world: World, ...eventIds: string[]) {
  const entries = await world.enqueued(notifyFanOut);
  const mine = entries.filter(({ payload }) =>
    (payload as { eventIds: string[] }).eventIds.some((id) => eventIds.includes(id)),
  );
  return world.run(
    notifyFanOut,
    mine.map(({ id }) => id),
  );
}

async function uploadScene() {
  const { world, people, projectId, resourceId } = await garden();
  const [owner, editor, viewer] = people;
  await world.query("alter table domain_events disable trigger domain_events_ask_for_fan_out");
  const eventId = await platform.hostEvent(world, "document_uploaded", {
    actorId: editor,
    projectId,
    resourceId,
  });
  return {
    world,
    payload: { eventIds: [eventId] },
    rowGone: async () => ({ eventIds: ["999"] }),
    effectIn: "deliveries",
    async effectIsThereOnce() {
      expect(await decided(world)).toEqual([
        `${owner} in_app now`,
        `${owner} email digested hourly`,
        `${viewer} in_app now`,
        `${viewer} email digested hourly`,
      ]);
      expect(await notifications(world)).toHaveLength(2);
      expect(await outcomes(world)).toEqual([{ event_id: eventId, outcome: "decided", reason: null }]);
    },
    async nothingHappened() {
      expect(await decisions(world)).toEqual([]);
      expect(await notifications(world)).toEqual([]);
      expect(await outcomes(world)).toEqual([]);
    },
  };
}

fiveCases(notifyFanOut, uploadScene);

describe("the trigger of domain_events", () => {
  it("enqueues every event, a hundred per entry, no matter who inserts them", async () => {
    const world = await createWorld();
    const one = await platform.hostEvent(world, "document_uploaded");
    await world.query(
      "insert into domain_events (event_type) select 'document_uploaded' from generate_series(1, 250)",
    );
    const entries = await world.enqueued();
    expect(entries.map(({ job, key }) => [job, key])).toEqual([
      ["notify-fan-out", one],
      ["notify-fan-out", `${+one + 1}..${+one + 100}`],
      ["notify-fan-out", `${+one + 101}..${+one + 200}`],
      ["notify-fan-out", `${+one + 201}..${+one + 250}`],
    ]);
    const ids = entries.flatMap(({ payload }) => (payload as { eventIds: string[] }).eventIds);
    expect(ids).toEqual(Array.from({ length: 251 }, (_, n) => `${+one + n}`));
  });

  it("enqueues nothing for a statement that inserts nothing", async () => {
    const world = await createWorld();
    await world.query("insert into domain_events (event_type) select 'x' where false");
    expect(await world.enqueued()).toEqual([]);
  });

  it("is rolled back with the transaction of the host", async () => {
    const world = await createWorld();
    const doomed = inTransaction(world.db, async (tx) => {
      await tx.execute("insert into domain_events (event_type) values ('x')");
      throw new Error("changed their mind");
    });
    await expect(doomed).rejects.toThrow("changed their mind");
    expect(await world.enqueued()).toEqual([]);
  });
});

describe("notify-fan-out", () => {
  it("defect 3: handles an event that is older than a day", async () => {
    const { world, people, projectId, resourceId } = await garden();
    await world.query(
      `insert into domain_events (event_type, actor_id, project_id, resource_id, occurred_at, created_at)
       values ('document_uploaded', $1, $2, $3, now() - interval '40 days', now() - interval '40 days')`,
      [people[1], projectId, resourceId],
    );
    await world.drain();
    expect(await notifications(world)).toHaveLength(2);
  });

  it("records types without a notification as ignored, and invalid payloads as rejected", async () => {
    const world = await createWorld();
    const unknown = await platform.hostEvent(world, "weather_changed");
    const unfit = await platform.hostEvent(world, "meeting_invited", {
      payload: { invited_user_id: "ann@example.org" },
    });
    await world.drain();
    expect(await outcomes(world)).toEqual([
      { event_id: unknown, outcome: "ignored", reason: null },
      { event_id: unfit, outcome: "rejected", reason: "invited_user_id: invalid_format" },
    ]);
    expect(await world.enqueued()).toEqual([]);
  });

  it("rejects an event without its subjects, and says why one notified nobody", async () => {
    const { world, people, projectId, resourceId } = await garden();
    const actorId = people[1]!;
    const incomplete = await platform.hostEvent(world, "document_uploaded", { actorId, projectId });
    const heard = await platform.hostEvent(world, "document_uploaded", { actorId, projectId, resourceId });
    await world.drain();
    await world.query("delete from project_access_grants");
    await world.query("delete from organization_members");
    const [owner] = await world.query<{ id: string }>("select created_by::text as id from projects");
    const unheard = await platform.hostEvent(world, "document_uploaded", {
      actorId: owner!.id,
      projectId,
      resourceId,
    });
    await world.drain();
    expect(await outcomes(world)).toEqual([
      { event_id: incomplete, outcome: "rejected", reason: "resource_id: missing" },
      { event_id: heard, outcome: "decided", reason: null },
      { event_id: unheard, outcome: "decided", reason: "no-recipients" },
    ]);
    const { values = [] } =
      (await world.metrics.registry.getSingleMetric("commonwork_events_total")?.get()) ?? {};
    expect(values.map(({ labels, value }) => [labels["outcome"], value]).sort()).toEqual([
      ["decided", 1],
      ["no-recipients", 1],
      ["rejected", 1],
    ]);
  });

  it("defect 1: one failing event of a hundred dies alone; the others go through, and nothing loops", async () => {
    const { world, people, projectId, resourceId } = await garden();
    await world.query(
      `insert into domain_events (event_type, actor_id, project_id, resource_id)
       select 'document_uploaded', $1, $2, $3 from generate_series(1, 100)`,
      [people[1], projectId, resourceId],
    );
    const [culprit] = await world.query<{ id: string }>("select max(id) - 42 as id from domain_events");
    await world.query(
      `create function fail_on_one() returns trigger language plpgsql as $$ begin
         if new.event_id = ${culprit!.id} then raise 'broken'; end if; return new; end $$`,
    );
    await world.query(
      "create trigger fail_on_one before insert on notifications for each row execute function fail_on_one()",
    );
    for (let round = 0; round < notifyFanOut.attempts + 4; round++) {
      await world.drain();
      await world.skipBackOff();
    }
    expect(await notifications(world)).toHaveLength(99 * 2);
    expect(await world.enqueued(notifyFanOut)).toMatchObject([
      { key: culprit!.id, dead: true, attempts: notifyFanOut.attempts },
    ]);
  });

  it("defect 1: retries a failed event, and succeeds once the cause is fixed", async () => {
    const { world, people, projectId, resourceId } = await garden();
    const eventId = await platform.hostEvent(world, "document_uploaded", {
      actorId: people[1],
      projectId,
      resourceId,
    });
    await world.query("alter table deliveries add constraint broken check (false)");
    expect(await tell(world, eventId)).toMatchObject({ retry: 1 });
    expect(await outcomes(world)).toEqual([]);
    await world.query("alter table deliveries drop constraint broken");
    await world.skipBackOff();
    expect(await tell(world, eventId)).toMatchObject({ done: 1 });
    expect(await notifications(world)).toHaveLength(2);
  });

  it("defect 2: after a crash the event is still due", async () => {
    const { world, people, projectId, resourceId } = await garden();
    await platform.hostEvent(world, "document_uploaded", { actorId: people[1], projectId, resourceId });
    await world.query(
      "update outbox set enqueued_at = now() - interval '1 hour', carrier = 'lost with its worker'",
    );
    expect(await world.query("select 1 from event_outcomes")).toEqual([]);
    await world.query("update outbox set enqueued_at = null, carrier = null");
    await world.drain();
    expect(await outcomes(world)).toMatchObject([{ outcome: "decided" }]);
  });

  it("defect 4: handles an event once that is enqueued twice", async () => {
    const { world, people, projectId, resourceId } = await garden();
    const about = { actorId: people[1], projectId, resourceId };
    const first = await platform.hostEvent(world, "document_uploaded", about);
    const second = await platform.hostEvent(world, "document_uploaded", about);
    const tallies = await Promise.all([
      tell(world, first, second),
      world.perform(notifyFanOut, { eventIds: [first, second] }),
      world.perform(notifyFanOut, { eventIds: [second] }),
    ]);
    expect(tallies.every(({ retry, dead }) => retry + dead === 0)).toBe(true);
    expect(await decisions(world)).toHaveLength(8);
    expect(await notifications(world)).toHaveLength(4);
  });

  it("defect 6: leaves a sent e-mail sent when its event is enqueued again", async () => {
    const { world, people } = await garden();
    const threadId = await platform.thread(world, { participants: people });
    const eventId = await platform.hostEvent(world, "chat_thread_participant_added", {
      threadId,
      actorId: people[0],
      payload: { added_user_id: people[3] },
    });
    await world.drain();
    await world.query("update deliveries set status = 'sent', sent_at = now() where channel = 'email'");
    expect(await world.perform(notifyFanOut, { eventIds: [eventId] })).toMatchObject({ skipped: 1 });
    expect(await decisions(world)).toMatchObject([
      { channel: "in_app" },
      { channel: "email", status: "sent" },
    ]);
  });

  it("defect 8: applies the preferences muted and digest to e-mail", async () => {
    const { world, people } = await garden();
    const [adder, muted, digested, eager] = people;
    await platform.prefer(world, muted, { status: "muted", channel: "email" });
    await platform.prefer(world, digested, { status: "digest", eventType: "chat_thread_participant_added" });
    const threadId = await platform.thread(world, { participants: people });
    for (const added of [muted, digested, eager])
      await platform.hostEvent(world, "chat_thread_participant_added", {
        threadId,
        actorId: adder,
        payload: { added_user_id: added },
      });
    await world.drain();
    expect(await decided(world)).toEqual([
      `${muted} in_app now`,
      `${muted} email skipped muted`,
      `${digested} in_app now`,
      `${digested} email digested hourly preference`,
      `${eager} in_app now`,
      `${eager} email now`,
    ]);
  });

  it("defect 9: an error while reading preferences unmutes nobody", async () => {
    const { world, people, projectId, resourceId } = await garden();
    await platform.prefer(world, people[2], { status: "muted" });
    const eventId = await platform.hostEvent(world, "document_uploaded", {
      actorId: people[1],
      projectId,
      resourceId,
    });
    await world.query("alter table notification_preferences rename to out_of_reach");
    expect(await tell(world, eventId)).toMatchObject({ retry: 1 });
    expect(await decisions(world)).toEqual([]);
    await world.query("alter table out_of_reach rename to notification_preferences");
    await world.skipBackOff();
    await tell(world, eventId);
    expect(await decided(world)).toContain(`${people[2]} in_app skipped muted`);
  });

  it("skips recipients who have lost access since the event, with the reason", async () => {
    const { world, people, projectId } = await garden();
    const eventId = await platform.hostEvent(world, "project_access_granted", {
      actorId: people[0],
      projectId,
      payload: { affected_user_id: people[3], new_permission: "view" },
    });
    await tell(world, eventId);
    expect(await decided(world)).toEqual([
      `${people[3]} in_app skipped no-access`,
      `${people[3]} email skipped no-access`,
    ]);
    expect(await notifications(world)).toEqual([]);
  });

  it("lets ten e-mails per user and hour through over concurrent transactions; the rest join the digest", async () => {
    const { world, people } = await garden();
    const threadId = await platform.thread(world, { participants: people });
    const events: string[] = [];
    for (let n = 0; n < 14; n++)
      events.push(
        await platform.hostEvent(world, "chat_thread_participant_added", {
          threadId,
          actorId: people[0],
          payload: { added_user_id: people[3] },
        }),
      );
    await Promise.all(events.map((id) => tell(world, id)));
    const mails = (await decided(world)).filter((text) => text.includes("email"));
    expect(mails.filter((text) => text.endsWith("email now"))).toHaveLength(10);
    expect(mails.filter((text) => text.endsWith("digested hourly throttle"))).toHaveLength(4);
  });

  it("lets ten through within one group of events", async () => {
    const { world, people } = await garden();
    const threadId = await platform.thread(world, { participants: people });
    await world.query(
      `insert into domain_events (event_type, actor_id, thread_id, payload)
       select 'chat_thread_participant_added', $1, $2, jsonb_build_object('added_user_id', $3::bigint) from generate_series(1, 14)`,
      [people[0], threadId, people[3]],
    );
    await world.drain();
    const mails = (await decided(world)).filter((text) => text.includes("email"));
    expect(mails.map((text) => text.endsWith("email now"))).toEqual(
      Array.from({ length: 14 }, (_, n) => n < 10),
    );
  });

  it("defers to the end of the quiet hours in the user's zone, or in the default zone", async () => {
    const { world, people } = await garden({ at: "2026-06-02T06:00:00Z" });
    const [adder, pacific, berlin, lost] = people;
    await world.query("update users set time_zone = 'Europe/Berlin' where id = $1", [berlin]);
    await world.query("update users set time_zone = 'Middle/Earth' where id = $1", [lost]);
    for (const id of [pacific, berlin, lost])
      await platform.notificationSettings(world, id, { quietFrom: 22 * 60, quietTo: 9 * 60 });
    const threadId = await platform.thread(world, { participants: people });
    for (const added of [pacific, berlin, lost])
      await platform.hostEvent(world, "chat_thread_participant_added", {
        threadId,
        actorId: adder,
        payload: { added_user_id: added },
      });
    await world.drain();
    expect(
      await world.query(
        "select user_id, not_before from deliveries where decision = 'deferred' order by user_id",
      ),
    ).toEqual([
      { user_id: pacific, not_before: new Date("2026-06-02T16:00:00Z") },
      { user_id: berlin, not_before: new Date("2026-06-02T07:00:00Z") },
      { user_id: lost, not_before: new Date("2026-06-02T16:00:00Z") },
    ]);
  });

  it("skips an address that bounced, must-send or not", async () => {
    const { world, people } = await garden();
    await world.query(
      "insert into email_suppressions (address_hash, reason) select sha256(email::bytea), 'hard_bounce' from users where id = $1",
      [people[3]],
    );
    const eventId = await platform.hostEvent(world, "calendar.action_required", {
      payload: { user_id: people[3], connection_id: 1, provider: "google" },
    });
    await tell(world, eventId);
    expect(await decided(world, eventId)).toEqual([
      `${people[3]} in_app now must-send`,
      `${people[3]} email skipped suppressed`,
    ]);
  });

  it("defect 14: logs neither texts nor addresses", async () => {
    const lines: string[] = [];
    const write = vi
      .spyOn(process.stderr, "write")
      .mockImplementation((line) => lines.push(String(line)) > 0);
    vi.stubEnv("TEST_LOG", "trace");
    const { world, people } = await garden();
    const threadId = await platform.thread(world, { participants: people });
    const messageId = await platform.message(world, {
      threadId,
      senderId: people[0],
      body: "the gate code is 4711",
    });
    await platform.hostEvent(world, "chat_message_sent", {
      threadId,
      actorId: people[0],
      payload: { message_id: messageId },
    });
    await world.query("alter table notifications add constraint broken check (body is null)");
    await world.drain();
    write.mockRestore();
    vi.unstubAllEnvs();
    expect(lines.join("")).toContain("carrier settled with failures");
    expect(lines.join("")).not.toMatch(/4711|example\.org|User 1/);
  });

  it("runs as many statements for three hundred events as for three", async () => {
    const { world, people, projectId, resourceId } = await garden();
    const counts: number[] = [];
    for (const size of [3, 300]) {
      await world.query(
        `insert into domain_events (event_type, actor_id, project_id, resource_id)
         select 'document_uploaded', $1, $2, $3 from generate_series(1, $4::int)`,
        [people[1], projectId, resourceId, size],
      );
      const entries = await world.enqueued(notifyFanOut);
      counts.push(
        await countQueries(world, () =>
          world.run(
            notifyFanOut,
            entries.map(({ id }) => id),
          ),
        ),
      );
    }
    expect(await notifications(world)).toHaveLength(303 * 2);
    expect(counts[1]).toBe(counts[0]);
  });

  it("an event with one recipient takes four statements: claim, events, recipients, deliveries", async () => {
    const { world, people } = await garden();
    await world.query(
      `insert into domain_events (event_type, payload)
       values ('recommendations.ready', jsonb_build_object('user_id', $1::bigint, 'count', 1))`,
      [people[0]],
    );
    const entries = await world.enqueued(notifyFanOut);
    const statements = await recordStatements(world, () =>
      world.run(
        notifyFanOut,
        entries.map(({ id }) => id),
      ),
    );
    const beginnings = statements.map(({ text }) => text.trim().split(/\s+/).slice(0, 3).join(" "));
    expect(beginnings.slice(beginnings.indexOf("begin"))).toEqual([
      "begin",
      "delete from outbox",
      "with claimed as",
      "with e as",
      "with decided as",
      "commit",
    ]);
    expect(await world.query("select distinct user_id from deliveries")).toEqual([{ user_id: people[0] }]);
  });

  it("handles at most 2,000 events per transaction, and enqueues the rest", async () => {
    const { world, people } = await garden();
    await world.query(
      `insert into domain_events (event_type, payload)
       select 'recommendations.ready', jsonb_build_object('user_id', $1::bigint, 'count', 1) from generate_series(1, 2250)`,
      [people[0]],
    );
    const entries = await world.enqueued(notifyFanOut);
    const tally = await world.run(
      notifyFanOut,
      entries.map(({ id }) => id),
    );
    expect(tally.counts).toMatchObject({ events: 2000, postponed: 3 });
    const left = await world.enqueued(notifyFanOut);
    expect(left.map(({ payload }) => (payload as { eventIds: string[] }).eventIds.length)).toEqual([
      100, 100, 50,
    ]);
    await world.drain();
    expect(await world.query("select count(distinct event_id)::int as n from deliveries")).toEqual([
      { n: 2250 },
    ]);
  });
});

it("lists in a dry run who would be notified, who would not, and why", async () => {
  const { world, people, projectId, resourceId } = await garden();
  const [owner, editor, viewer] = people;
  await platform.prefer(world, viewer, { status: "muted" });
  const eventId = await platform.hostEvent(world, "document_uploaded", {
    actorId: editor,
    projectId,
    resourceId,
  });
  const preview = await world.dryRun(notifyFanOut, {
    eventIds: [eventId],
  });
  const of = (user: string, channel: string) =>
    preview.remarks.find(
      ({ about }) => about === `event ${eventId}, document_uploaded: user ${user}, ${channel}`,
    )?.decision;
  expect(of(owner, "in_app")).toBe("shown");
  expect(of(owner, "email")).toMatch(/^digested/);
  expect(of(viewer, "email")).toBe("skipped (muted)");
  expect(await notifications(world)).toEqual([]);
});
