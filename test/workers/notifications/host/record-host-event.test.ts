import { describe, expect, it } from "vitest";
import { OWN_EVENT_TYPES } from "../../../../src/events/host-event-types.ts";
import { recordHostEvent } from "../../../../src/workers/notifications/host/record-host-event.ts";
import { EVENT_TYPES } from "../../../support/event-types.ts";
import * as platform from "../../../support/platform.ts";
import { createWorld, type World } from "../../../support/world.ts";

async function emit(world: World, text: string, params: unknown[] = []): Promise<string> {
  const [row] = await world.query<{ id: string }>(`select emit(${text})::text as id`, params);
  return row!.id;
}

const events = (world: World) =>
  world.query("select event_type, actor_id, thread_id, payload, occurred_at from domain_events order by id");

/** A user and a thread with ids of the host. */
async function scene() {
  const world = await createWorld({ at: "2026-06-02T10:00:00Z" });
  const userId = await platform.user(world);
  const threadId = await platform.thread(world, { participants: [userId] });
  await world.query("update users set host_id = 'ada' where id = $1", [userId]);
  await world.query("update chat_threads set host_id = 'plans' where id = $1", [threadId]);
  return { world, userId, threadId };
}

describe("record-host-event", () => {
  it("records what the host emitted, with our ids in place of its own, and asks for its fan-out", async () => {
    const { world, userId, threadId } = await scene();
    const ids = [
      await emit(
        world,
        `'chat_thread_participant_added', '{"added_user_id": "ada"}', actor => 'ada', thread => 'plans', occurred_at => '2026-06-01T12:00:00Z'`,
      ),
      await emit(
        world,
        `'invoice.paid', '{"user_id": "ada", "number": 7}', occurred_at => '2026-06-01T13:00:00Z'`,
      ),
    ];
    expect(await world.run(recordHostEvent, ids)).toMatchObject({ done: 2, counts: { recorded: 2 } });
    expect(await events(world)).toEqual([
      {
        event_type: "chat_thread_participant_added",
        actor_id: userId,
        thread_id: threadId,
        payload: { added_user_id: userId },
        occurred_at: new Date("2026-06-01T12:00:00Z"),
      },
      {
        event_type: "invoice.paid",
        actor_id: null,
        thread_id: null,
        payload: { user_id: userId, number: 7 },
        occurred_at: new Date("2026-06-01T13:00:00Z"),
      },
    ]);
    expect(await world.enqueued({ name: "notify-fan-out" })).toHaveLength(1);
  });

  it("records an event with an id of the host once, however often it is emitted", async () => {
    const { world } = await scene();
    const paid = `'invoice.paid', '{"number": 7}', id => 'invoice-7'`;
    const first = await world.run(recordHostEvent, [await emit(world, paid), await emit(world, paid)]);
    expect(first).toMatchObject({ done: 1, skipped: 1, reasons: { "recorded before": 1 } });
    const again = await world.run(recordHostEvent, [
      await emit(world, paid),
      await emit(world, `'invoice.paid', '{"number": 8}', id => 'invoice-7'`),
    ]);
    expect(again).toMatchObject({
      done: 0,
      reasons: { "recorded before": 1, "another event was recorded with this id": 1 },
    });
    expect(await events(world)).toMatchObject([{ payload: { number: 7 } }]);
  });

  it("refuses the types that only this service emits, which emit appended in earlier versions", async () => {
    const { world } = await scene();
    for (const type of OWN_EVENT_TYPES) {
      const [appended] = await world.query<{ id: string }>(
        `select append_for_host('record-host-event', jsonb_build_object('event',
           jsonb_build_object('type', $1::text, 'occurredAt', '2026-06-01T12:00:00Z')))::text as id`,
        [type],
      );
      const own = appended!.id;
      const good = await emit(world, "'invoice.paid'");
      expect(await world.run(recordHostEvent, [own, good]), type).toMatchObject({ dead: 1, done: 1 });
      expect(await events(world), type).toMatchObject([{ event_type: "invoice.paid" }]);
      await world.query("delete from domain_events");
    }
  });

  it("knows which types are the host's", async () => {
    const own = EVENT_TYPES.map(({ type }) => type).filter((type) => OWN_EVENT_TYPES.has(type));
    expect(own.length).toBe(OWN_EVENT_TYPES.size);
    expect(own).toContain("commission.earned");
    expect(own).not.toContain("document_uploaded");
  });

  it("notifies of the host's own meetings: the invited user, then the participants of a change", async () => {
    const { world, userId } = await scene();
    const ben = await platform.user(world);
    await world.query("update users set host_id = 'ben' where id = $1", [ben]);
    await world.query(
      `with meeting as (insert into meetings (host_id, organizer_id, title, start_time, end_time)
         values ('standup', $1, 'Standup', '2026-06-03T10:00:00Z', '2026-06-03T11:00:00Z') returning id)
       insert into meeting_participants (meeting_id, user_id, invited_at) select id, $2::bigint, now() from meeting`,
      [userId, ben],
    );
    const about = "actor => 'ada', meeting => 'standup'";
    await emit(world, `'meeting_invited', '{"invited_user_id": "ben"}', ${about}`);
    await world.drain();
    await emit(world, `'meeting_updated', '{"changes": {"time": true}}', ${about}`);
    await world.drain();
    expect(await world.query("select user_id, title from notifications order by id")).toEqual([
      { user_id: ben, title: "Invitation: Standup" },
      { user_id: ben, title: "Standup: new time" },
    ]);
  });

  it("makes a dead letter of an event without the subjects of its type, and names them", async () => {
    const { world } = await scene();
    const deaths = [
      [`'document_uploaded', '{}', actor => 'ada'`, "document_uploaded needs project and resource"],
      [`'chat_message_sent', '{"message_id": "m-1"}', actor => 'ada'`, "chat_message_sent needs thread"],
      [
        `'chat_thread_participant_added', '{"user_id": "ada"}', actor => 'ada', thread => 'plans'`,
        "the payload does not fit chat_thread_participant_added (payload.added_user_id: missing)",
      ],
    ] as const;
    for (const [text, error] of deaths) {
      const id = await emit(world, text);
      const good = await emit(world, "'invoice.paid'");
      await world.run(recordHostEvent, [id, good]);
      await world.drain();
      expect(await world.query("select id::text, error from outbox where job = 'record-host-event'")).toEqual(
        [{ id, error: `PayloadRejected: ${error}` }],
      );
      await world.query("delete from outbox where id = $1", [id]);
    }
    expect(await events(world)).toHaveLength(deaths.length);
  });

  it("names the references to rows that are not there", async () => {
    const { world } = await scene();
    const id = await emit(
      world,
      `'chat_thread_participant_added', '{"added_user_id": "ben"}', thread => 'plans', actor => 'cleo'`,
    );
    expect(await world.run(recordHostEvent, [id])).toMatchObject({ retry: 1 });
    await world.query("update outbox set attempts = 6 where id = $1", [id]);
    await world.run(recordHostEvent, [id]);
    expect(await world.query("select error from outbox where id = $1", [id])).toEqual([
      { error: "PayloadRejected: refers to unknown rows (actor, payload.added_user_id)" },
    ]);
    expect(await events(world)).toEqual([]);
  });
});
