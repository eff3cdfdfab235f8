import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  hostConnection,
  hostPlatform,
  installMappings,
  MAPPINGS,
  mirrored,
  reconcile,
  roomOf,
} from "../support/host-platform.ts";
import { createWorld } from "../support/world.ts";

// An event never overtakes the rows of its transaction: the people to notify are read from the rows that the
// host committed with it, however late the mirrors are.

const SEND = (schema: string) => `
  with sent as (insert into app.posts (room, author, words) values ($1::text::uuid, $2::text::uuid, 'Hello') returning id)
  select "${schema}".emit('chat_message_sent', jsonb_build_object('message_id', id), actor => $2::text, thread => $1::text) from sent`;

/** Adds somebody who is mirrored to a thread that is, in one transaction with the event. */
const JOIN = (schema: string) => `
  with joined as (insert into app.room_people (room, account) values ($1::text::uuid, $2::text::uuid))
  select "${schema}".emit('chat_thread_participant_added', jsonb_build_object('added_user_id', $2::text), actor => $3::text, thread => $1::text)`;

it("a fan-out finds the rows of its event, 1,000 of 1,000 times, while reading the host takes 200 ms", async () => {
  const world = await createWorld();
  await hostPlatform(world);
  const { room: thread, author } = await roomOf(world, 3);
  const people = await world.query<{ id: string }>(
    "insert into app.accounts (mail) select 'p' || n from generate_series(1, 1000) n returning id::text",
  );
  const participants = MAPPINGS["chat_thread_participants"] as string;
  // An InitPlan: once per statement of the reconciler.
  await installMappings(world, {
    ...MAPPINGS,
    chat_thread_participants: `${participants}\nwhere (select true from pg_sleep(0.2))`,
  });
  await reconcile(world);
  world.mirroring.start();
  await world.startWorkers();
  const hosts = await Promise.all(Array.from({ length: 8 }, () => hostConnection(world)));
  const join = JOIN(world.config.databaseSchema);
  await Promise.all(
    hosts.map(async (client) => {
      for (let next = people.pop(); next; next = people.pop())
        await client.query(join, [thread, next.id, author]);
    }),
  );
  await eventually(async () => {
    expect(await world.query("select outcome, count(*)::int as n from event_outcomes group by 1")).toEqual([
      { outcome: "decided", n: 1_000 },
    ]);
  });
  expect(
    await world.query(
      `select count(distinct d.event_id)::int as events, count(*)::int as told from deliveries d
       join domain_events e on e.id = d.event_id and (e.payload ->> 'added_user_id')::bigint = d.user_id
       where d.channel = 'in_app' and d.decision = 'now'`,
    ),
  ).toEqual([{ events: 1_000, told: 1_000 }]);
});

it("everything that an event refers to may come from its transaction", async () => {
  const world = await createWorld();
  await mirrored(world);
  await world.startWorkers();
  const host = await hostConnection(world);
  const { databaseSchema } = world.config;
  await host.query("begin");
  const people = await host.query(
    "insert into app.accounts (mail) values ('a@host.test'), ('b@host.test') returning id::text",
  );
  const [author, other] = people.rows.map(({ id }) => id as string);
  const rooms = await host.query("insert into app.rooms (subject) values ('New') returning id::text");
  const thread = rooms.rows[0].id as string;
  await host.query("insert into app.room_people (room, account) values ($1, $2), ($1, $3)", [
    thread,
    author,
    other,
  ]);
  await host.query(SEND(databaseSchema), [thread, author]);
  await host.query("commit");
  await eventually(async () => {
    expect(
      await world.query("select u.host_id, n.title from notifications n join users u on u.id = n.user_id"),
    ).toEqual([{ host_id: other, title: expect.any(String) }]);
  });
});

it("an event waits for a stopped mirror, and is handled without it after the time limit", async () => {
  const world = await createWorld({ environment: { MIRROR_PATIENCE_MS: "3600000" } });
  await mirrored(world);
  const { room: thread, author } = await roomOf(world, 3);
  await reconcile(world);
  await world.query("alter table app.posts rename column words to text");
  await world.query("insert into app.posts (room, author, text) values ($1, $2, 'Hello')", [thread, author]);
  await reconcile(world);
  expect(
    await world.query("select table_name, stopped_because from mirrors where stopped_at is not null"),
  ).toEqual([
    { table_name: "messages", stopped_because: "42703 a column that the mapping reads does not exist" },
  ]);
  await world.query(`select emit('profile.updated', jsonb_build_object('user_id', $1::text))`, [author]);
  const [entry] = await world.enqueued({ name: "record-host-event" });
  const held = await world.run({ name: "record-host-event" }, [entry!.id]);
  expect(held).toMatchObject({ done: 0, interrupted: 1 });
  await world.query(
    "update mirrors set stopped_at = now() - interval '2 hours' where stopped_at is not null",
  );
  expect(await world.run({ name: "record-host-event" }, [entry!.id])).toMatchObject({ done: 1 });
});
