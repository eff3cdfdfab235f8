import { expect, it } from "vitest";
import { forward, type Prisma } from "../../examples/prisma-mysql/forward.ts";
import { serve } from "../http/support.ts";
import { settled } from "../support/example.ts";
import { read } from "../support/pages.ts";
import { createWorld } from "../support/world.ts";

// What the example prisma-mysql sends, from tables in memory. Its statements are tried on a MariaDB by
// programs.test.ts.

const SECRET = "the long secret of the host";

type Row = Record<string, unknown>;

type Tables = { changed: Row[]; outbox: Row[]; version: number; selected: Record<string, Row[]> };

/** Tables in memory: changes, events, and what each mapping selects. */
function hostOf(tables: Tables): Prisma {
  const mappingOf = (text: string) =>
    Object.keys(tables.selected).find((name) =>
      text.startsWith(read(`examples/prisma-mysql/mappings/${name}.sql`).split("(?)")[0] as string),
    );
  const query = (text: string, params: readonly unknown[]): Row[] => {
    if (text.includes("FROM Outbox")) return tables.outbox.filter((row) => row["rejectedBecause"] === null);
    if (text.includes("FROM Sent")) return [{ version: tables.version }];
    if (text.includes("FROM Changed")) return tables.changed.slice(0, Number(params[0]));
    const rows = tables.selected[mappingOf(text) ?? ""] ?? [];
    return rows.filter((row) => params.includes(String(row["host_id"])));
  };
  return {
    $queryRawUnsafe: async <Rows>(text: string, ...params: unknown[]) => query(text, params) as Rows,
    async $executeRawUnsafe(text, ...params) {
      if (text.includes("Sent")) {
        tables.version += 1;
        return;
      }
      const table = text.includes("Outbox") ? tables.outbox : tables.changed;
      const isNamed = ({ id }: Row) => params.includes(id);
      if (text.startsWith("UPDATE"))
        for (const row of table.filter(isNamed)) row["rejectedBecause"] = params[0];
      else table.splice(0, table.length, ...table.filter((row) => !isNamed(row)));
    },
  };
}

/** Ada and Ben in a conversation, a message of Ada's, and the event about it. */
const conversation = () => {
  const change = (id: number, mapping: string, hostId: string) => ({ id, mapping, hostId, backfill: 0 });
  const event = (id: number, eventType: string, payload: Row) => ({
    id,
    eventType,
    actorId: 11,
    threadId: 31,
    payload,
    occurredAt: new Date(),
    rejectedBecause: null,
  });
  const tables: Tables = {
    version: 0,
    changed: [
      change(1, "messages", "41"),
      change(2, "users", "11"),
      change(3, "users", "12"),
      change(4, "chat_threads", "31"),
      change(5, "chat_thread_participants", "31-11"),
      change(6, "chat_thread_participants", "31-12"),
    ],
    outbox: [event(1, "chat_message_sent", { message_id: 41 })],
    selected: {
      users: [
        { host_id: 11, name: "Ada", email: "ada@example.com" },
        { host_id: 12, name: "Ben", email: "ben@example.com" },
      ],
      chat_threads: [{ host_id: 31 }],
      chat_thread_participants: [
        { host_id: "31-11", thread_id: 31, user_id: 11 },
        { host_id: "31-12", thread_id: 31, user_id: 12 },
      ],
      messages: [{ host_id: 41, thread_id: 31, sender_id: 11, body: "Hello", created_at: new Date() }],
    },
  };
  return { tables, change, event };
};

async function open() {
  const world = await createWorld({ environment: { DOMAIN_EVENTS_WEBHOOK_SECRET: SECRET } });
  const service = { url: await serve(world), secret: SECRET };
  const notified = () =>
    world.query("select u.name, n.title from notifications n join users u on u.id = n.user_id order by n.id");
  return { world, service, notified };
}

it("the example prisma-mysql sends rows before the events about them", async () => {
  const { world, service, notified } = await open();
  const { tables } = conversation();
  await forward(hostOf(tables), service);
  expect([tables.changed, tables.outbox]).toEqual([[], []]);
  await settled(world);
  expect(await notified()).toEqual([{ name: "Ben", title: "1 new message in a conversation" }]);
});

it("the example prisma-mysql sends changed rows in their current state, and deletions", async () => {
  const { world, service } = await open();
  const { tables, change } = conversation();
  tables.outbox = [];
  await forward(hostOf(tables), service);
  tables.selected["users"] = [{ host_id: 11, name: "Ada L.", email: "ada@example.com" }];
  tables.changed = [change(7, "users", "11"), change(8, "users", "12")];
  await forward(hostOf(tables), service);
  await settled(world);
  expect(
    await world.query(
      "select name, deactivated_at is not null as gone from users where host_id is not null order by host_id",
    ),
  ).toEqual([
    { name: "Ada L.", gone: false },
    { name: "", gone: true },
  ]);
});

it("the example prisma-mysql keeps rows that the service did not answer, and rejected events with the reason", async () => {
  const { service } = await open();
  const { tables, event } = conversation();
  const before = structuredClone([tables.changed, tables.outbox]);
  await expect(forward(hostOf(tables), { ...service, secret: "another secret of 24 bytes" })).rejects.toThrow(
    "401",
  );
  expect([tables.changed, tables.outbox]).toEqual(before);
  tables.outbox = [event(2, "chat_message_sent", { message_id: 99 })];
  await forward(hostOf(tables), service);
  expect(tables.outbox).toMatchObject([{ id: 2, rejectedBecause: "payload.message_id is unknown" }]);
});
