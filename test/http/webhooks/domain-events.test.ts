import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as calendarEvents from "../../../src/events/calendar.ts";
import { PAYLOAD_REFERENCES } from "../../../src/events/event-references.ts";
import * as hostEvents from "../../../src/events/host.ts";
import { HOST_EVENT_TYPES } from "../../../src/events/host-event-types.ts";
import * as matchingEvents from "../../../src/events/matching.ts";
import * as nudgeEvents from "../../../src/events/nudges.ts";
import * as rewardsEvents from "../../../src/events/rewards.ts";
import { eventually } from "../../support/eventually.ts";
import * as platform from "../../support/platform.ts";
import { createWorld, type World } from "../../support/world.ts";
import { callWebhook, serve, sign } from "../support.ts";

const PATH = "/webhooks/domain_events";
const SECRET = "the long secret of the host";

async function open(environment: Record<string, string> = { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET }) {
  const world = await createWorld({ environment, at: "2026-06-02T10:00:00Z" });
  const address = await serve(world);
  const post = (body: unknown, headers: Record<string, string | null> = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return callWebhook(address, text, {
      path: PATH,
      headers: { "X-Scicent-Signature": null, "X-Commonwork-Signature": sign(text, SECRET), ...headers },
    });
  };
  return { world, post };
}

const event = (id: string | number, fields: Record<string, unknown> = {}) => ({
  id,
  event_type: "project_access_granted",
  project_id: 1,
  payload: { affected_user_id: 1, new_permission: "view" },
  ...fields,
});

const events = (world: World) =>
  world.query("select event_type, actor_id, project_id, payload, occurred_at from domain_events order by id");
const inbox = (world: World) =>
  world.query(
    "select outcome, octet_length(raw) > 0 as kept from inbox where source = 'domain_events' order by id",
  );

describe("POST /webhooks/domain_events", () => {
  it("records events, which are processed like rows inserted by the host", async () => {
    const { world, post } = await open();
    const userId = await platform.user(world, { email: "ann@example.org" });
    const threadId = await platform.thread(world, { participants: [userId] });
    const answer = await post({
      events: [
        event("a", {
          event_type: "chat_thread_participant_added",
          payload: { added_user_id: Number(userId) },
          occurred_at: "2026-06-01T12:00:00+02:00",
          actor_id: "7",
          thread_id: Number(threadId),
        }),
        event(2, { payload: { affected_user_id: 999, new_permission: "view" } }),
      ],
    });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        status: "accepted",
        events: [
          { id: "a", status: "accepted" },
          { id: "2", status: "accepted" },
        ],
      },
    });
    expect((await events(world)).find((row) => row["actor_id"] !== null)).toEqual({
      event_type: "chat_thread_participant_added",
      actor_id: "7",
      project_id: "1",
      payload: { added_user_id: Number(userId) },
      occurred_at: new Date("2026-06-01T10:00:00Z"),
    });
    expect(await inbox(world)).toEqual([{ outcome: "accepted", kept: true }]);
    await world.drain();
    expect(await world.query("select user_id, channel from deliveries order by channel")).toEqual([
      { user_id: userId, channel: "email" },
      { user_id: userId, channel: "in_app" },
    ]);
  });

  it("takes the host's ids, in columns and payloads", async () => {
    const { world, post } = await open();
    await world.query("insert into users (id, host_id) values (11, 'ada'), (12, null)");
    await world.query("insert into organizations (id, host_id, name) values (21, '7', 'Green City')");
    const sent = event("a", {
      event_type: "invite_accepted",
      actor_id: "ada",
      payload: { org_id: 7, new_member_id: 12, note: "ada" },
    });
    expect(await post({ events: [sent] })).toMatchObject({ status: 202 });
    expect(await events(world)).toMatchObject([
      { actor_id: "11", payload: { org_id: "21", new_member_id: 12, note: "ada" } },
    ]);
    // The host's id is given to another row later: the same event is still the same.
    await world.query("update users set host_id = 'ada-2' where id = 11");
    expect(await post({ events: [sent] })).toMatchObject({ status: 200 });
  });

  it("rejects an event that refers to an unknown row, and records the others", async () => {
    const { world, post } = await open();
    await world.query("insert into users (id, host_id) values (11, 'ada')");
    const answer = await post({
      events: [
        event("a"),
        event("b", { actor_id: 11, project_id: "x", payload: { affected_user_id: "ada" } }),
        event("c", { payload: { affected_user_id: "ada" } }),
      ],
    });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        status: "rejected",
        events: [
          {
            id: "a",
            status: "rejected",
            faults: [{ field: "payload.affected_user_id", fault: "is unknown" }],
          },
          { id: "b", status: "rejected" },
          { id: "c", status: "accepted" },
        ],
        error: { code: "bad-events" },
      },
    });
    expect(answer.body.error?.faults).toEqual([
      { field: "events.0.payload.affected_user_id", fault: "is unknown" },
      { field: "events.1.actor_id", fault: "is unknown" },
      { field: "events.1.project_id", fault: "is unknown" },
    ]);
    expect(await events(world)).toMatchObject([{ payload: { affected_user_id: "11" } }]);
    expect(await inbox(world)).toEqual([{ outcome: "rejected", kept: true }]);
  });

  it("takes only types of the host: an event of this service that somebody forges is rejected", async () => {
    const { world, post } = await open();
    const own = [matchingEvents, rewardsEvents, nudgeEvents, calendarEvents]
      .flatMap((area) => Object.values(area) as object[])
      .flatMap((each) => ("type" in each ? [String(each.type)] : []))
      .filter((type) => !HOST_EVENT_TYPES.has(type));
    expect(own).toEqual(expect.arrayContaining(["candidate.matched", "commission.earned", "budget.awarded"]));
    const answer = await post({
      events: own.map((type, n) => event(`own-${n}`, { event_type: type, payload: { user_id: 1 } })),
    });
    expect(answer.status).toBe(422);
    expect(answer.body.error?.faults).toEqual(
      own.map((type, n) => ({
        field: `events.${n}.event_type`,
        fault: `only Commonwork emits events of the type ${type}`,
      })),
    );
    expect(await events(world)).toEqual([]);
  });

  it("names the type that was probably meant, also for one that is as long as a call may be", async () => {
    const { post } = await open();
    const types = ["documents_uploaded", "invoice.paid", "x".repeat(200_000)];
    const answer = await post({ events: types.map((type, n) => event(n, { event_type: type })) });
    expect(answer.body.error?.faults?.map(({ fault }) => fault)).toEqual([
      "is not a type that a host may send (did you mean document_uploaded?)",
      "is not a type that a host may send",
      "is not a type that a host may send",
    ]);
  });

  it("rejects an event without its subjects, and says what is missing", async () => {
    const { world, post } = await open();
    const answer = await post({
      events: [
        event("a", { project_id: undefined }),
        event("b", { event_type: "document_uploaded", resource_id: null, payload: {} }),
        event("c"),
      ],
    });
    expect(answer.body["events"]).toEqual([
      {
        id: "a",
        status: "rejected",
        faults: [{ field: "project_id", fault: "is required by project_access_granted" }],
      },
      {
        id: "b",
        status: "rejected",
        faults: [{ field: "resource_id", fault: "is required by document_uploaded" }],
      },
      { id: "c", status: "accepted", event: expect.any(String) },
    ]);
    expect(await events(world)).toHaveLength(1);
  });

  it("knows every reference in the payloads of the host's events", () => {
    const fields = Object.values(hostEvents).flatMap(({ payload }) =>
      Object.keys(z.toJSONSchema(payload, { io: "input", unrepresentable: "any" }).properties ?? {}),
    );
    const references = fields.filter((name) => name.endsWith("_id"));
    expect(references.length).toBeGreaterThan(5);
    for (const name of references) expect(PAYLOAD_REFERENCES).toHaveProperty(name);
  });

  it("records an event once, whatever the order of its fields, also within one call", async () => {
    const { world, post } = await open();
    const first = await post({ events: [event("a"), event("a")] });
    expect(first.body["events"]).toMatchObject([{ status: "accepted" }, { status: "duplicate" }]);
    const again = await post(
      '{"events": [{"payload": {"new_permission": "view", "affected_user_id": 1}, "id": "a", "actor_id": null, "project_id": 1, "event_type": "project_access_granted"}]}',
    );
    expect(again).toMatchObject({
      status: 200,
      body: { status: "duplicate", events: [{ status: "duplicate" }] },
    });
    expect((again.body["events"] as { event: string }[])[0]!.event).toBe(
      (first.body["events"] as { event: string }[])[0]!.event,
    );
    expect(await events(world)).toHaveLength(1);
    expect((await inbox(world)).map(({ outcome }) => outcome)).toEqual(["accepted", "duplicate"]);
  });

  it("reports conflicts with recorded events, and records the others", async () => {
    const { world, post } = await open();
    await post({ events: [event("a")] });
    const changed = { affected_user_id: 1, new_permission: "edit" };
    const answer = await post({ events: [event("a", { payload: changed }), event("b")] });
    expect(answer).toMatchObject({
      status: 409,
      body: {
        error: { code: "conflict" },
        events: [
          { id: "a", status: "conflict" },
          { id: "b", status: "accepted" },
        ],
      },
    });
    expect(await events(world)).toMatchObject([
      { payload: { new_permission: "view" } },
      { payload: { new_permission: "view" } },
    ]);
  });

  it("records the same body once when it is sent ten times concurrently", async () => {
    const { world, post } = await open();
    const body = { events: Array.from({ length: 100 }, (_, n) => event(`e${(n * 37) % 100}`)) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      202,
    ]);
    expect(await events(world)).toHaveLength(100);
  });

  it.each<[string, unknown, string]>([
    ["a body that is not JSON", "{", "body"],
    ["a list under another key", { event: [event("a")] }, "body"],
    ["two lists", '{"events": [], "events": []}', "body"],
    ["no events", { events: [] }, "events"],
    ["too many", { events: Array.from({ length: 101 }, (_, n) => event(n + 1)) }, "events"],
  ])("rejects %s as a whole", async (_, body, field) => {
    const { world, post } = await open();
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 422, body: { error: { code: "bad-events" } } });
    expect(answer.body.error?.faults?.map((fault) => fault.field)).toEqual([field]);
    expect(await events(world)).toEqual([]);
    expect(await inbox(world)).toEqual([{ outcome: "rejected", kept: true }]);
  });

  it("rejects calls that are unsigned, not JSON or too large, and every call while not configured", async () => {
    const { world, post } = await open();
    expect(
      (await post({ events: [event("a")] }, { "X-Commonwork-Signature": sign("other", SECRET) })).status,
    ).toBe(401);
    expect((await post({ events: [event("a")] }, { "X-Commonwork-Signature": null })).status).toBe(401);
    expect((await post({ events: [event("a")] }, { "Content-Type": "text/plain" })).status).toBe(415);
    expect((await post({ events: [event("a", { payload: { text: "x".repeat(600_000) } })] })).status).toBe(
      413,
    );
    expect(await inbox(world)).toEqual([]);
    const closed = await open({});
    expect(await closed.post({ events: [event("a")] })).toMatchObject({
      status: 503,
      body: { error: { code: "not-configured" } },
    });
    await eventually(() => expect(closed.world.producers.ready()).toBe(true));
  });

  it("wakes the relay, so that a worker processes the event at once", async () => {
    const { world, post } = await open();
    await world.startWorkers();
    await post({ events: [event("a")] });
    await eventually(async () =>
      expect(await world.query("select outcome from event_outcomes")).toEqual([{ outcome: "decided" }]),
    );
  });
});
