import { describe, expect, it } from "vitest";
import { startHttp } from "../../../src/http/server.ts";
import { eventually } from "../../support/eventually.ts";
import * as platform from "../../support/platform.ts";
import { listen, show } from "../../support/streams.ts";
import { JWT_SECRET, userToken } from "../../support/user-token.ts";
import { createWorld, type World } from "../../support/world.ts";
import { serve } from "../support.ts";

type Body = Record<string, unknown> & { error?: { code: string; faults?: { field: string }[] } };

async function open() {
  const world = await createWorld({ environment: { AUTH_JWT_SECRET: JWT_SECRET } });
  const [ann, bob] = (await platform.users(world, 2)) as [string, string];
  const address = await serve(world);
  const ask = async (userId: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${address}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${await userToken(userId)}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  };
  return { world, address, ann, bob, ask };
}

/** Notifications of a user, one second apart. */
const written = async (world: World, userId: string, count: number): Promise<string[]> => {
  const inserted = await world.query<{ id: string }>(
    `insert into notifications (user_id, event_type, event_id, title, body, link, created_at, updated_at)
     select $1, 'candidate.matched', 1000 + n, 'Number ' || n, '', '/', t, t
     from generate_series(1, $2::int) n, lateral (select now() + (n - 200) * interval '1 second' as t) x returning id`,
    [userId, count],
  );
  return inserted.map(({ id }) => id);
};

const titles = (body: Body) => (body["notifications"] as { title: string }[]).map(({ title }) => title);

describe("the list of notifications", () => {
  it("has the user's notifications, newest first, in pages, with the number of unread ones", async () => {
    const { world, ann, bob, ask } = await open();
    await written(world, ann, 60);
    await world.query("update notifications set read_at = now() where title in ('Number 60', 'Number 1')");
    await written(world, bob, 1);
    const first = await ask(ann, "GET", "/notifications");
    expect(first.body).toMatchObject({ unread: 58, next: 2 });
    const second = await ask(ann, "GET", "/notifications?page=2");
    expect(second.body["next"]).toBeNull();
    expect([...titles(first.body), ...titles(second.body)]).toEqual(
      Array.from({ length: 60 }, (_, n) => `Number ${60 - n}`),
    );
    const unread = await ask(ann, "GET", "/notifications?unread=true");
    expect(titles(unread.body)[0]).toBe("Number 59");
    expect((await ask(ann, "GET", "/notifications?unread=maybe&page=0")).status).toBe(422);
  });

  it("marks one read, once, and only the user's own", async () => {
    const { world, ann, bob, ask } = await open();
    const [id] = (await written(world, ann, 1)) as [string];
    expect((await ask(bob, "POST", `/notifications/${id}/read`)).status).toBe(404);
    const read = await ask(ann, "POST", `/notifications/${id}/read`);
    expect(read).toMatchObject({ status: 200, body: { id } });
    world.at(new Date(Date.now() + 600_000).toISOString());
    expect((await ask(ann, "POST", `/notifications/${id}/read`)).body).toEqual(read.body);
    expect((await ask(ann, "POST", "/notifications/x/read")).status).toBe(404);
  });

  it("marks all read, but not those of other users", async () => {
    const { world, ann, bob, ask } = await open();
    await written(world, ann, 3);
    await written(world, bob, 1);
    expect((await ask(ann, "POST", "/notifications/read-all")).body).toEqual({ read: 3 });
    expect((await ask(ann, "POST", "/notifications/read-all")).body).toEqual({ read: 0 });
    expect(await world.query("select user_id from notifications where read_at is null")).toEqual([
      { user_id: bob },
    ]);
  });

  it("requires a token", async () => {
    const { address } = await open();
    for (const path of ["/notifications", "/notifications/stream", "/notification-preferences"])
      expect((await fetch(`${address}/api/v1${path}`)).status).toBe(401);
  });
});

describe("the stream of notifications", () => {
  it("sends each new notification of the user, in every process", async () => {
    const { world, address, ann, bob } = await open();
    const other = await serve(world);
    const streams = [await listen(world, address, ann), await listen(world, other, ann)];
    expect(streams[0]!.response.headers.get("content-type")).toContain("text/event-stream");
    const threadId = await platform.thread(world, { participants: [ann, bob] });
    for (const [n, from] of [bob, ann, bob].entries()) {
      const messageId = await platform.message(world, { threadId, senderId: from });
      await platform.hostEvent(world, "chat_message_sent", {
        actorId: from,
        threadId,
        payload: { message_id: messageId },
      });
      await world.drain();
      if (n === 0)
        for (const stream of streams)
          await eventually(() =>
            expect(stream.events().map(({ title }) => title)).toEqual(["1 new message in Watering"]),
          );
    }
    for (const stream of streams)
      await eventually(() =>
        expect(stream.events().map(({ title }) => title)).toEqual([
          "1 new message in Watering",
          "2 new messages in Watering",
        ]),
      );
  });

  it("resumes after Last-Event-ID: misses nothing, and repeats only under the same id", async () => {
    const { world, address, ann } = await open();
    const first = await listen(world, address, ann);
    await show(world, ann, 1);
    await eventually(() => expect(first.events()).toHaveLength(1));
    const [seen] = first.events();
    await first.close();
    await show(world, ann, 2);
    // A transaction that began before the client disconnected and committed after.
    await world.query(
      `insert into notifications (user_id, event_type, event_id, title, body, link, updated_at)
       select $1, 'x', 3, 'Number 3', '', '/', updated_at - interval '2 seconds' from notifications where event_id = 1`,
      [ann],
    );
    const second = await listen(world, address, ann, { lastEventId: seen!.id });
    await eventually(() =>
      expect(new Set(second.events().map(({ title }) => title))).toEqual(
        new Set(["Number 1", "Number 2", "Number 3"]),
      ),
    );
    const repeated = second.events().find(({ title }) => title === "Number 1");
    expect(repeated?.id).toBe(seen!.id);
  });

  it("sends heartbeats while idle, at its interval", async () => {
    const { world, ann } = await open();
    const heartbeats = ({ received }: { received: { text: string } }) =>
      received.text.split(": heartbeat\n\n").length - 1;
    const at = (heartbeatMs: number) => serve(world, {}, { streamIntervals: { pollMs: 5, heartbeatMs } });
    const frequent = await listen(world, await at(10), ann);
    const quiet = await listen(world, await at(600_000), ann);
    await eventually(() => expect(heartbeats(frequent)).toBeGreaterThan(2));
    expect(frequent.events()).toEqual([]);
    // Once it has sent an event, it has polled often enough.
    await show(world, ann, 1);
    await eventually(() => expect(quiet.events()).toHaveLength(1));
    expect(heartbeats(quiet)).toBe(0);
  });

  it("can be open five times per user; closing one makes room", async () => {
    const { world, address, ann, bob } = await open();
    const streams = [];
    for (let n = 0; n < 5; n++) streams.push(await listen(world, address, ann));
    const sixth = await listen(world, address, ann);
    expect(sixth.response.status).toBe(429);
    expect((await listen(world, address, bob)).response.status).toBe(200);
    await streams[0]!.close();
    await eventually(async () => expect((await listen(world, address, ann)).response.status).toBe(200));
  });

  it("ends when the server stops", async () => {
    const { world, ann } = await open();
    const server = await startHttp(world, { stopWithinMs: 60_000 });
    const stream = await listen(world, `http://127.0.0.1:${server.port}`, ann);
    await server.stop();
    await eventually(() => expect(stream.received.ended).toBe(true));
  });
});

describe("a stream in a browser, which cannot send a header", () => {
  const issue = async (address: string, userId: string) => {
    const response = await fetch(`${address}/api/v1/notifications/stream-ticket`, {
      method: "POST",
      headers: { Authorization: `Bearer ${await userToken(userId)}` },
    });
    return {
      status: response.status,
      ...((await response.json()) as { ticket: string; expires_at: string }),
    };
  };
  /** Opens a stream by its address alone, and reads until a text has come. */
  const openByAddress = async (world: World, address: string, query: string) => {
    const stop = new AbortController();
    world.closing(async () => stop.abort());
    const response = await fetch(`${address}/api/v1/notifications/stream?${query}`, { signal: stop.signal });
    const until = async (text: string) => {
      const decoder = new TextDecoder();
      let read = "";
      for await (const chunk of response.body ?? []) {
        read += decoder.decode(chunk as Uint8Array, { stream: true });
        if (read.includes(text)) return read;
      }
      throw new Error(`The stream ended without ${text}.`);
    };
    return { status: response.status, until };
  };

  it("faults 23: opens with a ticket, for the ticket's user, and resumes from last_event_id", async () => {
    const { world, address, ann, bob } = await open();
    const { ticket, expires_at: expiresAt } = await issue(address, ann);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    await written(world, ann, 1);
    await written(world, bob, 1);
    await world.query("update notifications set updated_at = now()");
    const seen = `${(Date.now() - 60_000) * 1_000}-1`;
    const stream = await openByAddress(world, address, `ticket=${ticket}&last_event_id=${seen}`);
    expect(stream.status).toBe(200);
    const text = await stream.until("event: notification");
    expect(text.match(/event: notification/g)).toHaveLength(1);
    expect(text).toContain('"title":"Number 1"');
  });

  it("faults 23: a ticket opens one stream, within a minute", async () => {
    const { world, address, ann } = await open();
    const used = await issue(address, ann);
    expect((await openByAddress(world, address, `ticket=${used.ticket}`)).status).toBe(200);
    expect((await openByAddress(world, address, `ticket=${used.ticket}`)).status).toBe(401);
    expect((await openByAddress(world, address, "ticket=x&ticket=y")).status).toBe(401);
    const late = await issue(address, ann);
    await world.query("update stream_tickets set expires_at = now() - interval '1 second'");
    expect((await openByAddress(world, address, `ticket=${late.ticket}`)).status).toBe(401);
    await issue(address, ann);
    await issue(address, ann);
    expect(await world.query("select user_id from stream_tickets")).toEqual([
      { user_id: ann },
      { user_id: ann },
    ]);
  });

  it("faults 23: no ticket without a token, and only its hash is stored", async () => {
    const { world, address, ann } = await open();
    const without = await fetch(`${address}/api/v1/notifications/stream-ticket`, { method: "POST" });
    expect(without.status).toBe(401);
    const { ticket } = await issue(address, ann);
    const [row] = await world.query<{ hash: string }>(
      "select encode(ticket_hash, 'escape') as hash from stream_tickets",
    );
    expect(row!.hash).not.toContain(ticket);
  });
});
